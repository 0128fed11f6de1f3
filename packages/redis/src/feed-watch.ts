import type { RedisClient } from './client.ts'
import { BlockingConnection } from './blocking-connection.ts'

/** How long one command blocks: a connection that nobody waits on any more is closed no later than this. */
const BLOCK_MS = 10_000
const FIRST_RETRY_MS = 50
const LAST_RETRY_MS = 2000
const HIGHEST = '18446744073709551615'

interface Waiter {
  readonly after: number
  readonly wake: () => void
}

/**
 * Wakes those who wait for a stream whose ids begin with sequences, by `XREAD BLOCK` on a connection of its own: it
 * blocks all else that would be sent there.
 */
export class FeedWatch {
  readonly #feed: string
  readonly #client: RedisClient
  readonly #waiters = new Set<Waiter>()
  #connection: BlockingConnection | undefined
  /** Behind which the command under way looks. */
  #from = 0
  #closed = false
  #endPause = (): void => undefined

  constructor(feed: string, client: RedisClient) {
    this.#feed = feed
    this.#client = client
  }

  /** Resolves when more than `after` may be there, or `signal` aborts. Never rejects. */
  wait(after: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#closed) return Promise.resolve()
    // Somebody has read on to where the command looks, so there is more.
    if (this.#waiters.size > 0 && after < this.#from) return Promise.resolve()
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
    this.#closed = true
    this.#connection?.close()
    this.#endPause()
    this.#wake(Infinity)
  }

  async #look(): Promise<void> {
    const connection = new BlockingConnection(this.#client, this.#feed, BLOCK_MS)
    this.#connection = connection
    let retryMs = FIRST_RETRY_MS
    while (this.#waiters.size > 0 && !this.#closed) {
      this.#from = Math.min(...Array.from(this.#waiters, ({ after }) => after))
      const place = `${this.#from}-${HIGHEST}`
      try {
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
        retryMs = FIRST_RETRY_MS
        if (found !== null) this.#wake(this.#from)
      } catch {
        // Those who wait read again by themselves after a while, and get such an error where they can handle it. Were
        // they woken, a connection that cannot be had beside one that works would have them read without a rest.
        await this.#pause(retryMs)
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
      }
    }
    this.#connection = undefined
    connection.close()
  }

  #wake(upTo: number): void {
    for (const { after, wake } of this.#waiters) if (after <= upTo) wake()
  }

  #pause(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
