import { defineEvents } from '@eventspine/core'
import { memory } from '@eventspine/memory'
import { z } from 'zod'

const backend = memory()
const order = defineEvents('order', { OrderPlaced: z.object({ customer: z.string() }) })
const { token } = await order
  .store(backend.store)
  .append(order.stream('1'), [order.event('OrderPlaced', { customer: 'ada' })])

// #region exactly-once
const subscription = await backend.stream.subscribe({
  group: 'orders-by-customer',
  effects: 'exactly-once',
  handlers: order.handlers({
    OrderPlaced: async ({ data }, { documents }) => {
      const count = (await documents.get<number>('orders-by-customer', data.customer)) ?? 0
      documents.put('orders-by-customer', data.customer, count + 1)
    },
  }),
})
await subscription.caughtUpTo(token)

const counts = backend.documents.collection<number>('orders-by-customer')
console.log((await counts.get('ada', { partition: 0 }))?.value) // => 1
// #endregion

await subscription.stop()
await backend.close()
