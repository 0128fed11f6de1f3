import { EventStoreError } from '@eventspine/core'
import { setTimeout as delay } from 'node:timers/promises'

const TRANSIENT: ReadonlySet<string> = new Set([
  'BACKEND_UNAVAILABLE',
  'BACKEND_FAILED',
  'OUTCOME_UNKNOWN',
  'BUSY',
  'TIMEOUT',
])

/** Errors after which the same work may succeed: the relay waits and goes on. */
export function isTransient(error: unknown): boolean {
  return EventStoreError.is(error) && (error.retryable || TRANSIENT.has(error.code))
}

/** Doubles up to a second, jittered by half so that rivals do not march in step. */
export function backoffMs(attempt: number): number {
  const full = Math.min(1000, 20 * 2 ** Math.min(attempt - 1, 30))
  return Math.round(full / 2 + (Math.random() * full) / 2)
}

/** Resolves after `ms`, or at once when `signal` aborts: the caller looks at the signal anyway. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
