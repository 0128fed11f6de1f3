import { randomBytes } from 'node:crypto'
import type { FeedReader } from './feed-reader.ts'
import type { Slot } from './slot-item.ts'
import type { StreamHeads } from './stream-heads.ts'
import { Turns } from './turns.ts'

const WRITER_BYTES = 9
/** In base64. */
const WRITER_CHARACTERS = 12

/**
 * The end of one partition's feed, as far as this process has seen it. As with streams it is enough that it was the end
 * once: whoever writes behind it on the condition that nothing is there, writes only if that is the end still.
 */
export class FeedTail {
  readonly partition: number
  readonly #feed: FeedReader
  readonly #heads: StreamHeads
  readonly #writer = randomBytes(WRITER_BYTES).toString('base64url')
  readonly #turns = new Turns(this.#writer)
  #tokens = 0
  #sequence: number | undefined

  constructor(partition: number, feed: FeedReader, heads: StreamHeads) {
    this.partition = partition
    this.#feed = feed
    this.#heads = heads
  }

  /** Sequence of the last event; asks the table where nothing is known. */
  async sequence(): Promise<number> {
    if (this.#sequence === undefined) {
      const slot = await this.#feed.lastSlot(this.partition)
      // Whoever wrote it may have done so long ago: it says nothing about who writes now.
      if (slot === undefined) this.reached(0)
      else this.#learn(slot)
    }
    return this.#sequence ?? 0
  }

  /** To be asked of the table again. */
  forget(): void {
    this.#sequence = undefined
  }

  reached(sequence: number): void {
    this.#sequence = Math.max(this.#sequence ?? 0, sequence)
  }

  /** One's own transaction was written. */
  wrote(sequence: number, durationMs: number): void {
    this.reached(sequence)
    this.#turns.wrote(durationMs)
  }

  /** Resolves when this writer may go, with the end that it is to write behind; or when `isOver` says so. */
  async turn(isOver: () => boolean): Promise<number> {
    await this.sequence()
    await this.#turns.take(() => this.#look(), isOver)
    return this.sequence()
  }

  /** Another writer's slot stands where this one's should have. */
  passed(slot: Slot): void {
    this.#learn(slot)
    this.#turns.saw(slot.token.slice(0, WRITER_CHARACTERS))
  }

  /** Another transaction than all others: at most 36 characters, as the service wants it. */
  token(): string {
    this.#tokens++
    return `${this.#writer}-${this.#tokens.toString(36)}`
  }

  /** What a slot names is where those streams ended. */
  #learn({ last, entries }: Slot): void {
    this.reached(last)
    for (const { streamId, item, skip, count } of entries)
      this.#heads.remember(streamId, { version: item + skip + count - 1, deleted: false })
  }

  /** Whether others have written since. */
  async #look(): Promise<boolean> {
    const slots = await this.#feed.slotsBehind(this.partition, this.#sequence ?? 0)
    for (const slot of slots) this.passed(slot)
    return slots.length > 0
  }
}
