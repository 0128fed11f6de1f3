import { EventStoreError } from '@eventspine/core'
import { classifyError } from './classify-error.ts'
import type { RedisClient } from './client.ts'

/** How many replicas must have a write before it is acknowledged, and how long that may take. */
export interface ReplicaWaitOptions {
  /** At least 1. */
  readonly replicas: number
  /** Milliseconds until the write counts as not replicated. */
  readonly timeoutMs: number
}

/**
 * Has the server confirm that replicas have received what was written: `WAIT`, whose count is checked. One command speaks
 * for all that was written before it, and holds up what comes behind it on the connection; so one is under way at a time,
 * and who comes meanwhile shares the next.
 */
export class ReplicaWait {
  readonly #client: RedisClient
  readonly #options: ReplicaWaitOptions
  #underWay: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(client: RedisClient, options: ReplicaWaitOptions) {
    this.#client = client
    this.#options = options
  }

  /** @throws {@link EventStoreError} `OUTCOME_UNKNOWN`: written, but not by enough replicas in time. */
  confirm(): Promise<void> {
    if (this.#underWay === undefined) return this.#start()
    this.#next ??= this.#underWay.then(
      () => this.#start(),
      () => this.#start(),
    )
    return this.#next
  }

  #start(): Promise<void> {
    this.#next = undefined
    const confirmed = this.#wait().finally(() => {
      if (this.#underWay === confirmed) this.#underWay = undefined
    })
    this.#underWay = confirmed
    return confirmed
  }

  async #wait(): Promise<void> {
    const { replicas, timeoutMs } = this.#options
    let count: number
    try {
      count = Number(await this.#client.call('wait', replicas, timeoutMs))
    } catch (error) {
      throw classifyError(error, { writes: true, sent: true })
    }
    if (count >= replicas) return
    const message = `redis: the write was executed, but within ${timeoutMs} ms ${count} of ${replicas} replicas had it`
    throw new EventStoreError('OUTCOME_UNKNOWN', message, { outcome: 'unknown', retryable: true })
  }
}
