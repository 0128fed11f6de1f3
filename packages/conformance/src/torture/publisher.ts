import type { EventStream } from '@eventspine/core'
import { Random } from '../random.ts'
import { turn } from '../turn.ts'
import type { Journal } from './history.ts'
import { attemptPublish, type Operation } from './operation.ts'
import type { WriterOptions } from './writer.ts'

/** Calls that a publisher does not wait for before it makes the next: what it keeps in order is their order. */
const MOST_UNDER_WAY = 4

/**
 * Publishes to a log without a pause. What nobody knows is not published again: a repeat may lawfully double, and
 * what is found twice would then prove nothing.
 */
export class Publisher {
  readonly #stream: EventStream
  readonly #options: WriterOptions
  readonly #journal: Journal
  readonly #random: Random
  readonly #underWay = new Set<Promise<void>>()
  readonly #done: Promise<void>
  #stopping = false
  #operations = 0

  constructor(stream: EventStream, options: WriterOptions, journal: Journal) {
    this.#stream = stream
    this.#options = options
    this.#journal = journal
    this.#random = new Random(options.seed)
    this.#done = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#done
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const publishing = this.#publish(this.#nextOperation()).finally(() => this.#underWay.delete(publishing))
      this.#underWay.add(publishing)
      if (this.#underWay.size >= MOST_UNDER_WAY) await Promise.race(this.#underWay)
      await turn()
    }
    await Promise.all(this.#underWay)
  }

  async #publish(operation: Operation): Promise<void> {
    const { status } = await attemptPublish(this.#stream, operation, this.#journal)
    // The server is away: asking at once again would only fill the journal.
    if (status !== 'ok') await new Promise((resolve) => setTimeout(resolve, 50))
  }

  #nextOperation(): Operation {
    const { name, process, streamIds } = this.#options
    const ids = Array.from({ length: this.#random.integer(1, 8) }, () => this.#random.uuid())
    const streamId = this.#random.pick(streamIds)
    return {
      operation: `${name}.${++this.#operations}`,
      process,
      streams: [{ streamId, expectedVersion: 'any', ids }],
    }
  }
}
