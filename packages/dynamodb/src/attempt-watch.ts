/** No connection was had, so nothing was sent. */
export const UNSENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
])

/** Where {@link AttemptWatch.middleware} goes in a command: within the client's own repeating, which comes first in this step. */
export const PER_ATTEMPT = { step: 'finalizeRequest', priority: 'low', name: 'eventspineAttempts' } as const

/**
 * Watches the attempts that the client makes of one command by itself. It tells of the last one alone; an earlier one whose
 * reply was lost may still be on its way, and be executed after the last was refused.
 */
export class AttemptWatch {
  /** Of attempts that failed in a way that says nothing of whether they arrived. */
  #open = 0

  /** For one command: the client itself stays as it is. */
  readonly middleware =
    <Attempt, Output>(next: (attempt: Attempt) => Promise<Output>) =>
    async (attempt: Attempt): Promise<Output> => {
      try {
        return await next(attempt)
      } catch (error) {
        if (mayHaveArrived(error)) this.#open++
        throw error
      }
    }

  /** Whether an attempt before the last may have arrived; what became of that one, its error says. */
  isInDoubtBefore(last: unknown): boolean {
    return this.#open > (mayHaveArrived(last) ? 1 : 0)
  }
}

/** The service refused it, or it was never sent: it was not executed. All else is open. */
function mayHaveArrived(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return true
  if ('code' in error && typeof error.code === 'string' && UNSENT.has(error.code)) return false
  const metadata: unknown = '$metadata' in error ? error.$metadata : undefined
  const status: unknown =
    typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata
      ? metadata.httpStatusCode
      : undefined
  return !(typeof status === 'number' && status >= 400 && status < 500)
}
