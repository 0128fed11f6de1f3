import { redisStream } from '@eventspine/redis'

const url = process.env['REDIS_URL'] ?? ''
const orders = await redisStream.connect(url, { topic: 'orders', create: true, partitions: 4 })

const { token } = await orders.stream.publish([
  { streamId: 'order:1', type: 'OrderPlaced', data: { cents: 2000 } },
  { streamId: 'order:1', type: 'OrderPaid', data: { cents: 2000 } },
])

// With order: one owner a partition, exactly once where the effects are documents of the stream.
const ledger = await orders.stream.subscribe({
  group: 'ledger',
  handlers: ({ type, streamId }) => console.log('ledger', streamId, type), // => ledger order:1 OrderPlaced
})
await ledger.caughtUpTo(token) // => ledger order:1 OrderPaid
await ledger.stop()

// Without: every member takes the next event that nobody has.
const mails = await orders.stream.subscribe({
  group: 'mails',
  ordering: 'none',
  concurrency: 1,
  handlers: ({ type }, { attempt }) => console.log('mail', type, attempt), // => mail OrderPlaced 1
})
await mails.caughtUpTo(token) // => mail OrderPaid 1
await mails.stop()

// Both groups are through, so nothing holds the events back.
const [partition] = (await orders.trim({ maxEvents: 0 })).filter(({ firstKept }) => firstKept > 1)
console.log(partition?.firstKept) // => 2
await orders.close()
