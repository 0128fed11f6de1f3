import { EventStoreError, type EventStore, type Position } from '@eventspine/core'
import { eventually } from '../eventually.ts'
import type { Journal } from './history.ts'
import { asSeen } from './store-contents.ts'

const WAIT_MS = 200

/** Follows one partition's feed from its start, and writes down what it sees. */
export class FeedWatcher {
  readonly #store: EventStore
  readonly #reader: string
  readonly #partition: number
  readonly #journal: Journal
  readonly #stopping = new AbortController()
  readonly #done: Promise<void>
  #next: Position | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(store: EventStore, reader: string, partition: number, journal: Journal) {
    this.#store = store
    this.#reader = reader
    this.#partition = partition
    this.#journal = journal
    this.#done = this.#run()
  }

  /** Resolves when it has seen everything that the feed holds now. */
  async caughtUp(timeoutMs: number): Promise<void> {
    const head = await this.#store.feedHead(this.#partition)
    const isThere = (): boolean => {
      if (this.#failure !== undefined) throw this.#failure.error
      return this.#next === head
    }
    await eventually(`${this.#reader} reads the feed to its end`, isThere, timeoutMs)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#done
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      try {
        await this.#readOn()
        const after = this.#next ?? (await this.#store.feedHead(this.#partition))
        await this.#store.waitForFeed({ partition: this.#partition, after, timeoutMs: WAIT_MS, signal })
      } catch (error) {
        if (EventStoreError.is(error, 'FEED_DIVERGED')) this.#failure = { error }
        // Else the server is away, or this process is closing: it goes on where it was.
        if (this.#failure !== undefined) return
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }

  async #readOn(): Promise<void> {
    const options = this.#next === undefined ? {} : { after: this.#next }
    const feed = this.#store.feed({ partition: this.#partition, pageSize: 200, ...options })
    for await (const { events, next } of feed.slices()) {
      if (events.length > 0) {
        this.#journal.write({
          kind: 'seen',
          reader: this.#reader,
          partition: this.#partition,
          events: events.map(asSeen),
        })
      }
      this.#next = next
    }
  }
}
