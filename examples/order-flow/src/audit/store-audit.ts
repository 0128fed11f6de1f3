import type { EventOf, EventStore, Position } from '@eventspine/core'
import { order } from '../order/order.ts'

export type OrderEvent = EventOf<typeof order>

/** All orders' events of a store, read on from where the last reading ended. */
export class StoreAudit {
  readonly events: OrderEvent[] = []
  readonly #store: EventStore
  readonly #ends = new Map<number, Position>()
  #reading: Promise<void> | undefined

  constructor(store: EventStore) {
    this.#store = store
  }

  /** Up to the end as it is now; two calls at once are one reading. */
  async readOn(): Promise<void> {
    this.#reading ??= this.#readOn().finally(() => (this.#reading = undefined))
    await this.#reading
  }

  async #readOn(): Promise<void> {
    for (let partition = 0; partition < this.#store.partitions; partition++) {
      const after = this.#ends.get(partition)
      for await (const { events, next } of this.#store.feed({ partition, after }).slices()) {
        for (const event of events) if (order.is(event)) this.events.push(event)
        this.#ends.set(partition, next)
      }
    }
  }
}
