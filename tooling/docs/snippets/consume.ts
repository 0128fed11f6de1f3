import { defineEvents } from '@eventspine/core'
import { memory } from '@eventspine/memory'
import { z } from 'zod'

const backend = memory()
const order = defineEvents('order', {
  OrderPlaced: z.object({ customer: z.string() }),
  OrderShipped: z.object({ parcel: z.string() }),
})

// #region subscribe
const subscription = await backend.stream.subscribe({
  group: 'mailer',
  handlers: order.handlers({
    OrderPlaced: async ({ streamId, data }) => {
      console.log(`to ${data.customer}: we have your ${streamId}`) // => to ada: we have your order:1
    },
  }),
})
// #endregion

// #region caught-up
const { token } = await order
  .store(backend.store)
  .append(order.stream('1'), [
    order.event('OrderPlaced', { customer: 'ada' }),
    order.event('OrderShipped', { parcel: 'P-1' }),
  ])
await subscription.caughtUpTo(token, { timeoutMs: 5000 })
// #endregion

// #region lag
const [partition] = await backend.stream.group('mailer').lag()
console.log(`${partition?.parkedStreams} parked`) // => 0 parked
// #endregion

// #region stop
await subscription.stop()
await backend.close()
// #endregion
