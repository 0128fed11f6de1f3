import { type Commit, type CommitOutcome, EventStoreError } from '@eventspine/core'
import { batchOf, loneEvent } from './append-parameters.ts'
import { type AppendAnswer, readAppendAnswer } from './append-result.ts'
import { callsOf } from './batches.ts'
import { text } from './codec.ts'
import type { Driver, Runner } from './driver.ts'
import { retryRolledBack } from './retry.ts'
import type { Statements } from './statements.ts'
import { wrongIsolation } from './wrong-isolation.ts'

/** Appends commits and says of each what became of it. */
export type Append = (commits: readonly Commit[], lockTimeoutMs: number) => Promise<readonly CommitOutcome[]>

/** Appends that are transactions of their own: one statement for a batch. */
export function autocommitAppend(driver: Driver<unknown>, statements: Statements): Append {
  let pinned = false
  const appendOnce = async (
    commits: readonly Commit[],
    lockTimeoutMs: number,
  ): Promise<readonly CommitOutcome[]> => {
    if (!pinned) {
      const answer = await retryRolledBack(() => callAppend(driver, statements, commits, lockTimeoutMs))
      if (typeof answer !== 'string') return answer
      // This server's default is another isolation level than read committed: from now on say so each time.
      pinned = true
    }
    const answer = await retryRolledBack(() =>
      driver.transaction((transaction) => callAppend(transaction, statements, commits, lockTimeoutMs)),
    )
    if (typeof answer === 'string') throw wrongIsolation()
    return answer
  }
  return inCalls(async (commits, lockTimeoutMs) => {
    try {
      return await appendOnce(commits, lockTimeoutMs)
    } catch (error) {
      if (!EventStoreError.is(error, 'BUSY')) throw error
      return commits.map(() => ({ ok: false, error }))
    }
  })
}

/** Appends within an open transaction, which stays usable whatever the verdicts are. */
export function nestedAppend(runner: Runner, statements: Statements): Append {
  return inCalls(async (commits, lockTimeoutMs) => {
    const batch = batchOf(commits, lockTimeoutMs)
    const [row] = await runner.run(statements.appendNested, batch.values)
    const answer = readAppendAnswer(text(row, 0), commits, batch)
    if (typeof answer !== 'string') return answer
    const error = answer === 'isolation' ? wrongIsolation() : nestedBusy(answer, lockTimeoutMs)
    return commits.map(() => ({ ok: false, error }))
  })
}

async function callAppend(
  runner: Runner,
  statements: Statements,
  commits: readonly Commit[],
  lockTimeoutMs: number,
): Promise<AppendAnswer> {
  const values = loneEvent(commits, lockTimeoutMs)
  if (values === undefined) {
    const batch = batchOf(commits, lockTimeoutMs)
    const [row] = await runner.run(statements.append, batch.values, lockTimeoutMs)
    return readAppendAnswer(text(row, 0), commits, batch)
  }
  const [row] = await runner.run(statements.appendOne, values, lockTimeoutMs)
  const appends = commits.flatMap((commit) => commit.appends)
  const partitions = appends.map(({ partition }) => partition)
  return readAppendAnswer(text(row, 0), commits, { partitions, appends, documents: [] })
}

/** Splits what is too large for one call. A failure of a later call must not hide what an earlier one did. */
function inCalls(append: Append): Append {
  return async (commits, lockTimeoutMs) => {
    const [first, ...others] = callsOf(commits)
    if (first === undefined) return []
    const outcomes = [...(await append(first, lockTimeoutMs))]
    let failure: EventStoreError | undefined
    for (const call of others) {
      if (failure === undefined) {
        try {
          outcomes.push(...(await append(call, lockTimeoutMs)))
          continue
        } catch (error) {
          if (!EventStoreError.is(error)) throw error
          failure = error
          outcomes.push(...call.map(() => ({ ok: false, error }) as const))
        }
      } else {
        // What failed may still be on its way: what follows must not overtake it.
        const error = notSent(failure)
        outcomes.push(...call.map(() => ({ ok: false, error }) as const))
      }
    }
    return outcomes
  }
}

function notSent(cause: EventStoreError): EventStoreError<'BACKEND_UNAVAILABLE'> {
  const message = 'postgres: not sent, since the call before it failed'
  return new EventStoreError('BACKEND_UNAVAILABLE', message, { retryable: true, cause })
}

function nestedBusy(answer: 'busy' | 'deadlock', lockTimeoutMs: number): EventStoreError<'BUSY'> {
  const reason =
    answer === 'busy'
      ? `waited ${lockTimeoutMs} ms for other writers`
      : 'a deadlock with another transaction, which goes on when this one ends'
  return new EventStoreError('BUSY', `postgres: ${reason}`, { retryable: true })
}
