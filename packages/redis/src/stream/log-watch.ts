import type { RedisClient } from '../client.ts'
import { BlockingConnection } from './blocking-connection.ts'
import { entrySequence, type RawEntry } from './log-entry.ts'
import type { LogKeys } from './log-keys.ts'

/** How long a look at a log lasts when nothing comes. */
const BLOCK_MS = 5000
const FIRST_RETRY_MS = 50
const LAST_RETRY_MS = 2000

interface Waiter {
  readonly after: number
  readonly wake: () => void
}

/** Wakes those who wait for a log, over a connection for each partition that somebody has waited for. */
export class LogWatch {
  readonly #client: RedisClient
  readonly #keys: readonly LogKeys[]
  readonly #partitions = new Map<number, PartitionWatch>()
  #closed = false

  constructor(client: RedisClient, keys: readonly LogKeys[]) {
    this.#client = client
    this.#keys = keys
  }

  /** Resolves when the partition holds more than `after`, or `signal` aborts. Never rejects. */
  wait(partition: number, after: number, signal: AbortSignal): Promise<void> {
    if (this.#closed || signal.aborted) return Promise.resolve()
    let watch = this.#partitions.get(partition)
    if (watch === undefined) {
      watch = new PartitionWatch(this.#client, this.#keys[partition]?.log ?? '')
      this.#partitions.set(partition, watch)
    }
    return watch.wait(after, signal)
  }

  /** Wakes everybody, and ends the connections. */
  close(): void {
    this.#closed = true
    for (const watch of this.#partitions.values()) watch.close()
  }
}

class PartitionWatch {
  readonly #log: string
  readonly #connection: BlockingConnection
  readonly #waiting = new Set<Waiter>()
  #looking = false
  /** What the look under way began after. */
  #lookingAfter = 0
  #closed = false
  #stopRetry = (): void => undefined

  constructor(client: RedisClient, log: string) {
    this.#log = log
    this.#connection = new BlockingConnection(client, log, BLOCK_MS)
  }

  wait(after: number, signal: AbortSignal): Promise<void> {
    // Something stands at what others wait behind: this caller read before it came.
    if (this.#waiting.size > 0 && after < this.#lookingAfter) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(waiter)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      const waiter = { after, wake }
      this.#waiting.add(waiter)
      signal.addEventListener('abort', wake)
      if (!this.#looking) void this.#look()
    })
  }

  close(): void {
    this.#closed = true
    this.#connection.close()
    this.#stopRetry()
    for (const { wake } of this.#waiting) wake()
  }

  /** Looks for as long as somebody waits. */
  async #look(): Promise<void> {
    this.#looking = true
    let retryMs = FIRST_RETRY_MS
    while (this.#waiting.size > 0 && !this.#closed) {
      this.#lookingAfter = Math.min(...Array.from(this.#waiting, ({ after }) => after))
      try {
        const id = `${this.#lookingAfter}-0`
        const reply = await this.#connection.call(
          'xread',
          'count',
          1,
          'block',
          BLOCK_MS,
          'streams',
          this.#log,
          id,
        )
        retryMs = FIRST_RETRY_MS
        const seen = firstSequence(reply)
        for (const { after, wake } of this.#waiting) if (after < seen) wake()
      } catch {
        // Those who wait read again by themselves after a while, and get such an error where they can handle it.
        await this.#retryAfter(retryMs)
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS)
      }
    }
    this.#looking = false
  }

  #retryAfter(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#stopRetry = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

/** Of the one entry that `XREAD` gave for the one stream; a newer protocol has a map where an older one has pairs. */
function firstSequence(reply: unknown): number {
  if (typeof reply !== 'object' || reply === null) return 0
  const streams: readonly unknown[] =
    reply instanceof Map ? [...reply.entries()] : Array.isArray(reply) ? reply : Object.entries(reply)
  // As the server defines them: a name, and its entries.
  const [, entries = []] = (streams[0] ?? []) as [unknown?, (readonly RawEntry[])?]
  const [entry] = entries
  return entry === undefined ? 0 : entrySequence(entry[0])
}
