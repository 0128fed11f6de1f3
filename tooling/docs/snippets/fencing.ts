import { memory } from '@eventspine/memory'

// #region ledger
/** Stands for another system that keeps the highest token it has seen, and refuses a lower one. */
class Ledger {
  readonly booked = new Set<string>()
  #highest = 0

  book(eventId: string, fencingToken: number): void {
    if (fencingToken < this.#highest) throw new Error('another consumer has taken over')
    this.#highest = fencingToken
    this.booked.add(eventId)
  }
}
// #endregion

const backend = memory()
const ledger = new Ledger()
const { token } = await backend.store.append('order:1', [{ type: 'OrderPlaced', data: {} }])

// #region fencing
const subscription = await backend.stream.subscribe({
  group: 'ledger',
  leaseMs: 10_000,
  handlers: (event, { fencingToken, signal }) => {
    signal.throwIfAborted()
    ledger.book(event.id, fencingToken)
  },
})
// #endregion

await subscription.caughtUpTo(token)
await subscription.stop()
await backend.close()
console.log(`${ledger.booked.size} booked`) // => 1 booked
