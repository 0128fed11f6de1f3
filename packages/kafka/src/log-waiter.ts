import { BrokerConnections } from './broker-connections.ts'
import type { KafkaClient } from './client.ts'
import { partitionsWithRecords } from './fetched-records.ts'

/** How long a broker holds a request that has nothing to say: also how late it sees a partition waited for anew. */
const WAIT_MS = 100

interface Waiting {
  readonly partition: number
  readonly offset: number
  readonly resolve: () => void
}

/**
 * Waits for records of many partitions in one request a broker: on connections of its own, since a broker answers
 * the requests of a connection one after the other.
 */
export class LogWaiter {
  readonly #connections: BrokerConnections
  readonly #waiting = new Set<Waiting>()
  readonly #onFailure: () => void
  #running = false

  constructor(client: KafkaClient, topic: string, onFailure: () => void) {
    this.#onFailure = onFailure
    this.#connections = new BrokerConnections(client, topic)
  }

  /** Resolves when the partition holds something at or behind `offset`, when `signal` aborts, or early. */
  async wait(partition: number, offset: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { promise, resolve } = deferred()
    const waiting = { partition, offset, resolve }
    this.#waiting.add(waiting)
    signal.addEventListener('abort', resolve)
    void this.#run()
    await promise
    signal.removeEventListener('abort', resolve)
    this.#waiting.delete(waiting)
  }

  close(): Promise<void> {
    return this.#connections.close()
  }

  async #run(): Promise<void> {
    if (this.#running) return
    this.#running = true
    try {
      while (this.#waiting.size > 0) await this.#askOnce()
    } catch {
      // A hint only: those who wait read for themselves, and are told there what is wrong.
      this.#onFailure()
      for (const { resolve } of this.#waiting) resolve()
      this.#waiting.clear()
    } finally {
      this.#running = false
    }
  }

  async #askOnce(): Promise<void> {
    const lowest = new Map<number, number>()
    for (const { partition, offset } of this.#waiting)
      lowest.set(partition, Math.min(offset, lowest.get(partition) ?? offset))
    const places = Array.from(lowest, ([partition, offset]) => ({ partition, offset, maxBytes: 1 }))
    const answers = await this.#connections.fetch(places, WAIT_MS, performance.now())
    const found =
      answers === 'out-of-range'
        ? [...lowest.keys()]
        : answers.flatMap((answer) => partitionsWithRecords(answer))
    for (const waiting of this.#waiting) {
      if (!found.includes(waiting.partition)) continue
      this.#waiting.delete(waiting)
      waiting.resolve()
    }
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: (() => void) | undefined
  const promise = new Promise<void>((done) => (resolve = done))
  return { promise, resolve: () => resolve?.() }
}
