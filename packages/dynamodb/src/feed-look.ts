import type { FeedReader } from './feed-reader.ts'
import { type Keys, numberKey } from './keys.ts'
import { textOf } from './item.ts'
import type { Table } from './table.ts'

/**
 * Looks whether feeds have grown. Where one ended is where its next slot will stand: one request asks that of all partitions,
 * and only those that have one are looked at closer. What was written a moment ago may be missed, for half the price:
 * the next look finds it.
 */
export class FeedLook {
  readonly #table: Table
  readonly #keys: Keys
  readonly #feed: FeedReader
  readonly #ends = new Map<number, number>()

  constructor(table: Table, keys: Keys, feed: FeedReader) {
    this.#table = table
    this.#keys = keys
    this.#feed = feed
  }

  /** The last sequence of each of `partitions`. */
  async lastSequences(partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    const places = new Map<string, number>()
    const grown = new Set<number>()
    for (const partition of partitions) {
      if (this.#ends.has(partition)) places.set(this.#keys.feed(partition), partition)
      else grown.add(partition)
    }
    const wanted = Array.from(places, ([pk, partition]) => {
      return { pk, sk: numberKey((this.#ends.get(partition) ?? 0) + 1) }
    })
    for (const item of wanted.length === 0 ? [] : await this.#table.batchGet(wanted, false)) {
      const partition = places.get(textOf(item, 'pk'))
      // A seal stays where it is until somebody takes it away.
      if (partition !== undefined && item['sealed'] === undefined) grown.add(partition)
    }
    await Promise.all(
      Array.from(grown, async (partition) => {
        const { sequence } = await this.#feed.head(partition, false)
        this.#ends.set(partition, Math.max(sequence, this.#ends.get(partition) ?? 0))
      }),
    )
    return new Map(partitions.map((partition) => [partition, this.#ends.get(partition) ?? 0]))
  }
}
