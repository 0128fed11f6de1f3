import assert from 'node:assert/strict'
import { comparePositions, type EventStore, type Position } from '@eventspine/core'
import { turn } from './turn.ts'

/** A reader that follows one partition as a consumer would, and keeps what it saw. */
export class Follower {
  readonly seen: { readonly id: string; readonly position: Position }[] = []
  readonly #store: EventStore
  readonly #partition: number
  readonly #pageSize: number
  readonly #start: Position | undefined
  #after: Position | undefined

  /** @param start - where to begin; default: at the beginning of the partition. */
  constructor(store: EventStore, partition: number, pageSize: number, start?: Position) {
    this.#store = store
    this.#partition = partition
    this.#pageSize = pageSize
    this.#start = start
    this.#after = start
  }

  /** Reads to the end as it is now. */
  async poll(): Promise<void> {
    const options = { partition: this.#partition, after: this.#after, pageSize: this.#pageSize }
    for await (const { events, next } of this.#store.feed(options).slices()) {
      for (const { id, position } of events) {
        const last = this.seen.at(-1)
        if (last !== undefined)
          assert.ok(comparePositions(last.position, position) < 0, 'positions do not rise')
        this.seen.push({ id, position })
      }
      if (this.#after !== undefined)
        assert.ok(comparePositions(this.#after, next) <= 0, 'a reader was sent back')
      this.#after = next
    }
  }

  /** Holds a scan from where it began against what was seen: nothing has appeared or changed below. */
  async rescan(): Promise<void> {
    const seen = [...this.seen]
    const scan = this.#store.feed({ partition: this.#partition, after: this.#start, limit: seen.length })
    assert.deepEqual(
      (await scan.toArray()).map(({ id, position }) => ({ id, position })),
      seen,
      'something appeared, changed or went at or below a position that a reader had seen',
    )
  }

  /** Polls, and rescans now and then, until `stopped`; then once more. */
  async followUntil(stopped: () => boolean): Promise<void> {
    for (let round = 0; !stopped(); round++) {
      await this.poll()
      if (round % 8 === 0) await this.rescan()
      await turn()
    }
    await this.poll()
    await this.rescan()
  }
}
