import type { RedisClient } from './client.ts'
import { BlockingConnection } from './stream/blocking-connection.ts'

/** How long one command blocks: a connection that nobody waits on any more is closed no later than this. */
const BLOCK_MS = 10_000
const HIGHEST = '18446744073709551615'

interface Waiter {
  readonly after: number
  readonly wake: () => void
}

/**
 * Wakes those who wait for one partition of the feed, by `XREAD BLOCK` on a connection of its own: it blocks all else
 * that would be sent there.
 */
export class FeedWatch {
  readonly #feed: string
  readonly #client: RedisClient
  readonly #waiters = new Set<Waiter>()
  #connection: BlockingConnection | undefined
  /** Behind which the command under way looks. */
  #from = 0

  constructor(feed: string, client: RedisClient) {
    this.#feed = feed
    this.#client = client
  }

  /** Resolves when more than `after` may be there, or `signal` aborts. Never rejects. */
  wait(after: number, signal: AbortSignal): Promise<void> {
    // Somebody has read on to where the command looks, so there is more.
    if (signal.aborted || (this.#connection !== undefined && after < this.#from)) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiters.delete(waiter)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      const waiter: Waiter = { after, wake }
      this.#waiters.add(waiter)
      signal.addEventListener('abort', wake)
      if (this.#connection === undefined) void this.#look()
    })
  }

  close(): void {
    this.#connection?.close()
    this.#wake(Infinity)
  }

  async #look(): Promise<void> {
    const connection = new BlockingConnection(this.#client, this.#feed, BLOCK_MS)
    this.#connection = connection
    try {
      while (this.#waiters.size > 0) {
        this.#from = Math.min(...Array.from(this.#waiters, ({ after }) => after))
        const place = `${this.#from}-${HIGHEST}`
        const found = await connection.call(
          'xread',
          'COUNT',
          1,
          'BLOCK',
          BLOCK_MS,
          'STREAMS',
          this.#feed,
          place,
        )
        if (found !== null) this.#wake(this.#from)
      }
    } catch {
      // Those who waited read next, and get this error typed and where they can handle it.
      this.#wake(Infinity)
    } finally {
      this.#connection = undefined
      connection.close()
    }
  }

  #wake(upTo: number): void {
    for (const { after, wake } of this.#waiters) if (after <= upTo) wake()
  }
}
