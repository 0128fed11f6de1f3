import { setTimeout as delay } from 'node:timers/promises'
import { EventStoreError } from '@eventspine/core'

// A server that restarts is back by then.
const RETRY_FOR_MS = 30_000
const MAX_DELAY_MS = 2000

/** Runs `work` again, ever more slowly, for half a minute as long as the store says that it may succeed unchanged. */
export async function retryTransient<Result>(
  work: () => Promise<Result>,
  onRetry: (error: EventStoreError) => void,
): Promise<Result> {
  const deadline = performance.now() + RETRY_FOR_MS
  for (let delayMs = 50; ; delayMs = Math.min(2 * delayMs, MAX_DELAY_MS)) {
    try {
      return await work()
    } catch (error) {
      if (!EventStoreError.is(error) || !error.retryable || performance.now() + delayMs > deadline)
        throw error
      onRetry(error)
    }
    await delay(delayMs)
  }
}
