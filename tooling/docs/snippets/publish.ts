import { memory } from '@eventspine/memory'

const backend = memory()

// #region publish
const { token } = await backend.stream.publish({
  id: crypto.randomUUID(),
  streamId: 'shop:order-1',
  type: 'OrderConfirmed',
  data: { customer: 'ada' },
})
// #endregion

const subscription = await backend.stream.subscribe({
  group: 'partner',
  handlers: ({ streamId, type }) => console.log(streamId, type), // => shop:order-1 OrderConfirmed
})
await subscription.caughtUpTo(token)
console.log((await backend.store.head('shop:order-1')).exists) // => false
await backend.close()
