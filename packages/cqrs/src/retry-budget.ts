import { EventStoreError, invalidArgument } from '@eventspine/core'

export interface RetryOptions {
  /** Appends tried in all for one command, the first included. Default 10. */
  readonly attempts?: number | undefined
  /** Before the second try. Default 5. */
  readonly initialDelayMs?: number | undefined
  /** Default 250. Delays double and are jittered by half. */
  readonly maxDelayMs?: number | undefined
}

/** Why an append is tried again. */
export interface RetryNotice {
  readonly streamId: string
  readonly commandId: string
  /** The try that failed, from 1. */
  readonly attempt: number
  /** `VERSION_CONFLICT` or `ID_REUSED`: decided anew. Else its outcome is unknown: the same append is repeated. */
  readonly error: EventStoreError
  readonly delayMs: number
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option. */
export function checkRetryOptions({
  attempts = 10,
  initialDelayMs = 5,
  maxDelayMs = 250,
}: RetryOptions): Required<{
  [Name in keyof RetryOptions]: number
}> {
  checkNumber(attempts, 'attempts', 1)
  checkNumber(initialDelayMs, 'initialDelayMs', 0)
  checkNumber(maxDelayMs, 'maxDelayMs', 0)
  return { attempts, initialDelayMs, maxDelayMs }
}

function checkNumber(value: unknown, field: string, minimum: number): void {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum || value >= 2 ** 31) {
    throw invalidArgument(field, `must be an integer of at least ${minimum}, got ${String(value)}`)
  }
}

/** The tries of one command. */
export class RetryBudget {
  readonly #options: ReturnType<typeof checkRetryOptions>
  readonly #signal: AbortSignal | undefined
  readonly #notify: (attempt: number, error: EventStoreError, delayMs: number) => void
  #attempt = 1

  constructor(
    options: ReturnType<typeof checkRetryOptions>,
    signal: AbortSignal | undefined,
    notify: (attempt: number, error: EventStoreError, delayMs: number) => void,
  ) {
    this.#options = options
    this.#signal = signal
    this.#notify = notify
  }

  /**
   * Waits before the next try; returns `false` when the budget is used up. An abort cuts the wait short: the next
   * call to the store reports it.
   */
  async next(error: EventStoreError): Promise<boolean> {
    const { attempts, initialDelayMs, maxDelayMs } = this.#options
    if (this.#attempt >= attempts) return false
    // Half of it at random, so that rivals do not march in step.
    const full = Math.min(maxDelayMs, initialDelayMs * 2 ** Math.min(this.#attempt - 1, 30))
    const delayMs = full / 2 + (Math.random() * full) / 2
    this.#notify(this.#attempt, error, delayMs)
    this.#attempt++
    await abortableDelay(delayMs, this.#signal)
    return true
  }
}

function abortableDelay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
  })
}
