import { checkInteger } from '../arguments.ts'
import { EventStoreError } from '../error.ts'
import { LinkedSignal } from '../linked-signal.ts'
import { type ParsedPosition, parseToken, type Token } from '../position.ts'

/* What the subscriptions of all kinds of groups have in common: waiting for one, and ending it. */

const DEFAULT_STOP_MS = 30_000
const DEFAULT_CATCH_UP_MS = 30_000
const MAX_MS = 2 ** 31 - 1

export interface CatchUpTerms {
  readonly group: string
  /** Of what the subscription reads. */
  readonly incarnation: string
  /** Aborts when the subscription ends. */
  readonly stopping: AbortSignal
  /** What ended it, where it was a failure. */
  readonly failure: () => unknown
  /** Everything up to a position was handled by the group, parked or skipped. */
  readonly isBehind: (position: ParsedPosition) => Promise<boolean>
  /** Resolves when it is worth another look, or when the signal aborts. */
  readonly pause: (signal: AbortSignal) => Promise<void>
}

/** @throws an EventStoreError as `Subscription.caughtUpTo` does. */
export async function waitUntilCaughtUp(
  token: Token,
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  terms: CatchUpTerms,
): Promise<void> {
  const { timeoutMs = DEFAULT_CATCH_UP_MS, signal } = options
  checkInteger(timeoutMs, 'timeoutMs', 0, MAX_MS)
  const positions = parseToken(token)
  if (positions.some(({ incarnation }) => incarnation !== terms.incarnation)) {
    throw new EventStoreError('FEED_DIVERGED', 'the token is of another store', { field: 'token' })
  }
  const linked = new LinkedSignal([signal, terms.stopping], timeoutMs)
  try {
    for (const position of positions) {
      while (!(await terms.isBehind(position))) {
        if (linked.signal.aborted) throw notCaughtUp(terms, linked, timeoutMs, signal)
        await terms.pause(linked.signal)
      }
    }
  } finally {
    linked.unlink()
  }
}

function notCaughtUp(
  { group, stopping, failure }: CatchUpTerms,
  linked: LinkedSignal,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): EventStoreError {
  const name = `group ${JSON.stringify(group)}`
  if (stopping.aborted) {
    return new EventStoreError('CONSUMER_STOPPED', `the subscription of ${name} has ended`, {
      cause: failure(),
    })
  }
  if (linked.timedOut)
    return new EventStoreError('TIMEOUT', `${name} did not catch up within ${timeoutMs} ms`, {
      retryable: true,
    })
  return new EventStoreError('ABORTED', `waiting for ${name} was aborted`, { cause: signal?.reason })
}

/** Lets what is in hand finish; what takes longer than `timeoutMs` is abandoned. */
export async function endSubscription(
  { timeoutMs = DEFAULT_STOP_MS }: { readonly timeoutMs?: number | undefined },
  subscription: {
    readonly stopping: AbortController
    readonly abandoned: AbortController
    readonly completed: Promise<void>
  },
): Promise<void> {
  checkInteger(timeoutMs, 'timeoutMs', 0, MAX_MS)
  subscription.stopping.abort()
  const timer = setTimeout(() => subscription.abandoned.abort(), timeoutMs)
  // The failure that ended it is `completed`'s to tell.
  await subscription.completed.catch(() => undefined)
  clearTimeout(timer)
}
