/** What the feed-wake asks the backend: the last sequence of each of `partitions`. */
export type LastSequences = (partitions: readonly number[]) => Promise<ReadonlyMap<number, number>>

interface Waiter {
  readonly partition: number
  readonly after: number
  readonly wake: () => void
}

export interface FeedWakeOptions {
  readonly lastSequences: LastSequences
  /** Between two looks at the backend while somebody waits. */
  readonly pollIntervalMs: number
}

/**
 * Wakes those who wait for a feed, for adapters whose backend wakes nobody: at once for commits of this process, for all
 * others by looking at the last sequence of the awaited partitions, one look for all waiters.
 */
export class FeedWake {
  readonly #lastSequences: LastSequences
  readonly #pollIntervalMs: number
  readonly #waiters = new Set<Waiter>()
  #timer: NodeJS.Timeout | undefined
  #looking = false

  constructor({ lastSequences, pollIntervalMs }: FeedWakeOptions) {
    this.#lastSequences = lastSequences
    this.#pollIntervalMs = pollIntervalMs
  }

  /** Resolves when more than `after` may be there, or `signal` aborts. Never rejects. */
  wait(partition: number, after: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiters.delete(waiter)
        signal.removeEventListener('abort', wake)
        if (this.#waiters.size === 0) this.#stop()
        resolve()
      }
      const waiter: Waiter = { partition, after, wake }
      this.#waiters.add(waiter)
      signal.addEventListener('abort', wake)
      // The first look is now: a commit may have come in between the caller's read and this.
      if (this.#timer === undefined && !this.#looking) void this.#look()
    })
  }

  /** A commit of this process was seen to have reached `sequence`. */
  committed(partition: number, sequence: number): void {
    for (const waiter of this.#waiters) {
      if (waiter.partition === partition && waiter.after < sequence) waiter.wake()
    }
  }

  /** Wakes everybody: they find out by themselves what is the matter. */
  wakeAll(): void {
    for (const { wake } of this.#waiters) wake()
  }

  async #look(): Promise<void> {
    this.#stop()
    this.#looking = true
    const startMs = performance.now()
    const before = [...this.#waiters]
    try {
      const partitions = Array.from(new Set(before.map(({ partition }) => partition)))
      for (const [partition, sequence] of await this.#lastSequences(partitions))
        this.committed(partition, sequence)
    } catch {
      // Those who waited read next, and get this error typed and where they can handle it.
      for (const { wake } of before) wake()
    } finally {
      this.#looking = false
      // However many partitions there are and however slow the server is, looking takes no more than a fifth of the time.
      const restMs = Math.max(this.#pollIntervalMs, (performance.now() - startMs) * 4)
      if (this.#waiters.size > 0) this.#timer = setTimeout(() => void this.#look(), restMs)
    }
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
