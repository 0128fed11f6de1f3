import type { EventStoreError } from '@eventspine/core'
import { sqlState } from './classify-error.ts'

const MOST_ATTEMPTS = 5
const FIRST_DELAY_MS = 5

/**
 * Runs `work` again when the server rolled it back in favour of another transaction: nothing of it was applied. Only for
 * statements that are transactions of their own.
 */
export async function retryRolledBack<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt === MOST_ATTEMPTS || !isRolledBack(error)) throw error
      // Drawn at random, or the same two would meet again.
      const delayMs = Math.random() * FIRST_DELAY_MS * 2 ** attempt
      await new Promise((resolve) => setTimeout(resolve, delayMs))
    }
  }
}

function isRolledBack(error: unknown): boolean {
  // All that runners throw is an EventStoreError with the driver's error as its cause.
  const state = sqlState((error as EventStoreError).cause)
  return state === '40001' || state === '40P01'
}
