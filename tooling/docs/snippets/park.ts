import type { Handler } from '@eventspine/core'
import { memory } from '@eventspine/memory'

const backend = memory()
const addressBook = new Map([['order:1', 'ada@example.org']])
const sendMail: Handler = ({ streamId, type }) => {
  const address = addressBook.get(streamId)
  if (address === undefined) throw new Error(`${streamId} has no address`)
  console.log(`${type} to ${address}`)
}
// => parked order:7
// => OrderPlaced to ada@example.org

// #region park
const subscription = await backend.stream.subscribe({
  group: 'mailer',
  handlers: sendMail,
  retry: { attempts: 3, initialDelayMs: 10, maxDelayMs: 1000 },
  onFailure: 'park',
  onNotice: (notice) => {
    if (notice.kind === 'park') console.log(`parked ${notice.event.streamId}`)
  },
})
// #endregion

const placed = [{ type: 'OrderPlaced', data: {} }]
const { token } = await backend.store.append('order:7', placed)
await subscription.caughtUpTo(token)
await backend.store.append('order:7', placed)
const { token: last } = await backend.store.append('order:1', placed)
await subscription.caughtUpTo(last)
await subscription.stop()

// #region replay
const mailer = backend.stream.group('mailer')
for (const parked of await mailer.parked()) {
  const waiting = await mailer.waiting(parked).toArray()
  console.log(`${parked.error}; ${waiting.length} events wait`) // => Error: order:7 has no address; 2 events wait
}

addressBook.set('order:7', 'bob@example.org')
await mailer.replay('order:7')
// #endregion

const again = await backend.stream.runOnce({ group: 'mailer', handlers: sendMail, budgetMs: 5000 })
// => OrderPlaced to bob@example.org
// => OrderPlaced to bob@example.org
console.log(again.handled, (await mailer.parked()).length) // => 2 0
await backend.close()
