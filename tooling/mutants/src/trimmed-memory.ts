import type { BackendAdapter } from '@eventspine/core'
import type { MemoryDatabase } from '@eventspine/memory'

/**
 * A store whose feed lets old events go, which memory's own does not: the ground on which the law of
 * expired positions can be kept and broken.
 */
export class TrimmedMemory {
  readonly #database: MemoryDatabase
  readonly #trimmedTo = new Map<number, number>()

  constructor(database: MemoryDatabase) {
    this.#database = database
  }

  /** Lets all go that was written so far. */
  trim(): void {
    for (const [partition, { rows }] of this.#database.partitions.entries())
      this.#trimmedTo.set(partition, rows.length)
  }

  adapter(adapter: BackendAdapter<undefined>): BackendAdapter<undefined> {
    const { store } = adapter
    if (store === undefined) throw new Error('the adapter has no store')
    return {
      ...adapter,
      capabilities: { ...adapter.capabilities, feedRetention: 'trimmed' },
      store: {
        ...store,
        doReadFeed: async (request) => {
          const trimmedTo = this.#trimmedTo.get(request.partition) ?? 0
          const page = await store.doReadFeed({ ...request, after: Math.max(request.after, trimmedTo) })
          return { ...page, firstKept: trimmedTo + 1 }
        },
      },
    }
  }
}
