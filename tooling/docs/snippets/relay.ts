import { memory, memoryStream } from '@eventspine/memory'
import { relay } from '@eventspine/relay'

await using source = memory()
await using target = memoryStream({ partitions: 4 })

await using running = relay(source, target, { name: 'orders' })
const { token } = await source.store.append('order:42', [{ type: 'OrderPlaced', data: { cents: 2000 } }])
await running.caughtUpTo(token)

await target.stream.runOnce({
  group: 'shipping',
  budgetMs: 1000,
  handlers: ({ type, streamId, streamPosition, origin }) => {
    console.log(type, streamId, streamPosition) // => OrderPlaced order:42 1
    console.log(origin?.position === token) // => true
  },
})
