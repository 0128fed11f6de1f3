import { EventStoreError } from '@eventspine/core'
import { backoffMs, pause } from './backoff.ts'

/** How long somebody goes on trying. */
export class Patience {
  readonly #deadlineMs: number
  #attempts = 0

  constructor(timeoutMs: number) {
    this.#deadlineMs = performance.now() + timeoutMs
  }

  get isOver(): boolean {
    return performance.now() >= this.#deadlineMs
  }

  /** Pauses, longer from time to time. `false`: the time is over. */
  async wait(): Promise<boolean> {
    if (this.isOver) return false
    await pause(Math.min(backoffMs(this.#attempts++), Math.max(0, this.#deadlineMs - performance.now())))
    return true
  }
}

/** Others were faster all the time, or there was no capacity. Nothing was written. */
export function busy(): EventStoreError<'BUSY'> {
  return new EventStoreError(
    'BUSY',
    'dynamodb: other writers were ahead, or capacity was short, until the time was over',
    {
      retryable: true,
    },
  )
}

/** As {@link busy}, where an attempt of the client's own may still arrive. */
export function undecided(): EventStoreError<'OUTCOME_UNKNOWN'> {
  return new EventStoreError(
    'OUTCOME_UNKNOWN',
    'dynamodb: an attempt whose reply was lost may still be written, and no other was let through in time',
    { outcome: 'unknown', retryable: true },
  )
}
