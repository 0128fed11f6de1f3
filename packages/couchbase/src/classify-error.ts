import { EventStoreError, type EventStoreErrorCode } from '@eventspine/core'

interface Verdict {
  readonly code: EventStoreErrorCode
  readonly retryable: boolean
  readonly message: string
  /** The server may have done what it was asked for. */
  readonly lost?: boolean
}

const again = (code: EventStoreErrorCode, message: string): Verdict => ({ code, retryable: true, message })
const final = (code: EventStoreErrorCode, message: string): Verdict => ({ code, retryable: false, message })
const lost = (message: string): Verdict => ({
  code: 'BACKEND_UNAVAILABLE',
  retryable: true,
  message,
  lost: true,
})

const FOREIGN = final('BACKEND_FAILED', 'something else writes to the keys of the store')

/**
 * The errors of the client by name, since a program may hold two copies of it.
 *
 * @see https://docs.couchbase.com/nodejs-sdk/current/ref/error-codes.html
 */
export const CLIENT_ERRORS: Readonly<Record<string, Verdict>> = {
  AmbiguousTimeoutError: lost('the server did not answer in time'),
  UnambiguousTimeoutError: again('BACKEND_UNAVAILABLE', 'the server cannot be reached, or is too busy'),
  TimeoutError: lost('the server did not answer in time'),
  RequestCanceledError: lost('the connection was lost'),
  ConnectionClosedError: lost('the connection was closed'),
  ClusterClosedError: again('BACKEND_UNAVAILABLE', 'the client has been closed'),
  AuthenticationFailureError: final(
    'ACCESS_DENIED',
    'the server refused the user, or what the user asked for',
  ),
  BucketNotFoundError: final('STORE_MISSING', 'there is no such bucket, or the user may not see it'),
  ScopeNotFoundError: final('STORE_MISSING', 'there is no such scope'),
  CollectionNotFoundError: final('STORE_MISSING', 'there is no such collection'),
  TemporaryFailureError: again('BACKEND_UNAVAILABLE', 'the server has no room or time at the moment'),
  RateLimitedError: again('BACKEND_UNAVAILABLE', 'the server limits the rate of this user'),
  QuotaLimitedError: again('BACKEND_UNAVAILABLE', 'the server limits what this user stores'),
  ServiceNotAvailableError: again('BACKEND_UNAVAILABLE', 'the service is not available'),
  DocumentLockedError: again('BUSY', 'something else has locked a document of the store'),
  DurableWriteInProgressError: again('BUSY', 'another durable write of the same document is under way'),
  DurableWriteReCommitInProgressError: again(
    'BUSY',
    'another durable write of the same document is under way',
  ),
  DurabilityImpossibleError: again(
    'BACKEND_UNAVAILABLE',
    'too few nodes of the bucket are there for the durability that is asked for',
  ),
  DurabilityAmbiguousError: lost('it is not known whether the write became durable'),
  DurabilityLevelNotAvailableError: final(
    'NOT_SUPPORTED',
    'the server has no durable writes: 6.5 or newer has',
  ),
  InvalidDurabilityLevel: final('NOT_SUPPORTED', 'the server does not know this durability'),
  FeatureNotAvailableError: final('NOT_SUPPORTED', 'the server lacks a feature: it has to be 6.5 or newer'),
  UnsupportedOperationError: final(
    'NOT_SUPPORTED',
    'the server lacks an operation: it has to be 6.5 or newer',
  ),
  ValueTooLargeError: final(
    'LIMIT_EXCEEDED',
    'a document of the store would be larger than the server takes',
  ),
  PathMismatchError: FOREIGN,
  PathNotFoundError: FOREIGN,
  DocumentNotJsonError: FOREIGN,
  DeltaInvalidError: FOREIGN,
  DecodingFailureError: FOREIGN,
  ParsingFailureError: FOREIGN,
}

/**
 * Turns whatever the client threw into a typed error. Never throws. The client's own words stay in the `cause`.
 *
 * @param writes - what failed would have changed something.
 */
export function classifyError(cause: unknown, writes: boolean): EventStoreError {
  if (EventStoreError.is(cause)) return cause
  const name = cause instanceof Error ? cause.name : ''
  const verdict = Object.hasOwn(CLIENT_ERRORS, name) ? CLIENT_ERRORS[name] : undefined
  // Unheard of: for a write it cannot be ruled out that it was done.
  const { code, retryable, message, ...rest } = verdict ?? {
    ...final('BACKEND_FAILED', 'the client failed with an unknown error'),
    lost: true,
  }
  const said = `couchbase: ${message}`
  if (writes && rest.lost === true) {
    const unknown = retryable ? 'OUTCOME_UNKNOWN' : code
    return new EventStoreError(unknown, `${said} while a write was under way`, {
      outcome: 'unknown',
      retryable,
      cause,
    })
  }
  return new EventStoreError(code, said, { retryable, cause })
}

/**
 * What failed behind the first step of an append: readers may complete it, so nobody knows.
 */
export function undecided(error: EventStoreError): EventStoreError {
  if (error.outcome === 'unknown') return error
  return new EventStoreError(
    'OUTCOME_UNKNOWN',
    `${error.message}: the append had begun, and a reader may complete it`,
    { outcome: 'unknown', retryable: true, cause: error },
  )
}
