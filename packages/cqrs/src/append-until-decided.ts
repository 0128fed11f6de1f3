import { type AppendResult, EventStoreError } from '@eventspine/core'
import type { RetryBudget } from './retry-budget.ts'

/**
 * Repeats an append at an exact version, with ids of its own, until its outcome is known: such a repeat is
 * harmless, since the store recognises it and the version fences an attempt that is still on its way.
 *
 * @throws what refused the append; `outcome` is `unknown` when an earlier attempt may have been applied and
 *   the budget ended before that could be told.
 */
export async function appendUntilDecided(
  append: () => Promise<AppendResult>,
  budget: RetryBudget,
): Promise<AppendResult> {
  let isUnknown = false
  for (;;) {
    try {
      const result = await append()
      // After a lost reply, what is found stored is this very append.
      return isUnknown ? { ...result, repeated: false } : result
    } catch (error) {
      if (!EventStoreError.is(error) || isDecision(error)) throw error
      if (error.outcome === 'unknown') isUnknown = true
      const mayRepeat =
        isUnknown && (error.outcome === 'unknown' || error.retryable) && error.code !== 'ABORTED'
      if (!mayRepeat || !(await budget.next(error))) throw isUnknown ? asUnknown(error) : error
    }
  }
}

/**
 * Tells for certain that this attempt was not applied, and what would have to be decided anew: the stream or a
 * document of the commit has changed. Where an attempt before it was applied, loading the stream finds that.
 */
export function isDecision(error: EventStoreError): boolean {
  return (
    EventStoreError.is(error, 'VERSION_CONFLICT') ||
    EventStoreError.is(error, 'ID_REUSED') ||
    EventStoreError.is(error, 'REVISION_CONFLICT')
  )
}

function asUnknown(error: EventStoreError): EventStoreError {
  if (error.outcome === 'unknown') return error
  return new EventStoreError(
    error.code,
    `${error.message}; an earlier attempt of this append may have been applied`,
    {
      outcome: 'unknown',
      retryable: error.retryable,
      cause: error,
    },
  )
}
