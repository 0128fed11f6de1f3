import { EventStoreError, type ExpectedVersion, invalidArgument } from './error.ts'

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` unless a safe integer within the bounds. */
export function checkInteger(
  value: unknown,
  field: string,
  minimum: number,
  maximum: number = Number.MAX_SAFE_INTEGER,
): asserts value is number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum || value > maximum) {
    const range =
      maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`
    throw invalidArgument(field, `must be an integer ${range}, got ${String(value)}`)
  }
}

export function checkExpectedVersion(value: unknown, field: string): asserts value is ExpectedVersion {
  if (value === 'any' || value === 'none' || value === 'exists') return
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return
  throw invalidArgument(
    field,
    `must be 'any', 'none', 'exists' or an integer of at least 0, got ${String(value)}`,
  )
}

/** @throws {@link EventStoreError} `LIMIT_EXCEEDED`, before any I/O. */
export function checkLimit(actual: number, limit: number, field: string, what: string): void {
  if (actual > limit) {
    throw new EventStoreError('LIMIT_EXCEEDED', `${field}: ${actual} ${what}, the backend takes ${limit}`, {
      field,
    })
  }
}

/** @throws {@link EventStoreError} `ABORTED`, nothing was sent. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new EventStoreError('ABORTED', 'the call was aborted before anything was sent', {
      cause: signal.reason,
    })
  }
}

/**
 * What an adapter threw, as a typed error. Anything untyped is a defect of the adapter: of a write nobody
 * knows then whether it happened.
 */
export function asBackendError(error: unknown, kind: 'read' | 'write'): EventStoreError {
  if (EventStoreError.is(error)) return error
  return new EventStoreError('BACKEND_FAILED', 'the adapter failed with an error that it did not classify', {
    outcome: kind === 'write' ? 'unknown' : 'not-applied',
    cause: error,
  })
}
