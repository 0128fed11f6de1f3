import { EventStoreError, type EventStoreErrorCode } from '@eventspine/core'
import { UNSENT } from './attempt-watch.ts'

interface Verdict {
  readonly code: EventStoreErrorCode
  readonly retryable: boolean
  readonly message: string
  /** The service may have executed the request. */
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

/**
 * The names of the service's errors, and of the client's own.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html
 */
export const ERROR_NAMES: Readonly<Record<string, Verdict>> = {
  ResourceNotFoundException: final(
    'STORE_MISSING',
    'there is no such table: run createStore() or open with create: true',
  ),
  TableNotFoundException: final(
    'STORE_MISSING',
    'there is no such table: run createStore() or open with create: true',
  ),
  AccessDeniedException: final('ACCESS_DENIED', 'the credentials lack a permission'),
  AccessDenied: final('ACCESS_DENIED', 'the credentials lack a permission'),
  UnrecognizedClientException: final('ACCESS_DENIED', 'the service does not know the credentials'),
  InvalidClientTokenId: final('ACCESS_DENIED', 'the service does not know the credentials'),
  InvalidSignatureException: final('ACCESS_DENIED', 'the service refused the signature'),
  IncompleteSignatureException: final('ACCESS_DENIED', 'the service refused the signature'),
  IncompleteSignature: final('ACCESS_DENIED', 'the service refused the signature'),
  SignatureDoesNotMatch: final('ACCESS_DENIED', 'the service refused the signature'),
  MissingAuthenticationTokenException: final('ACCESS_DENIED', 'the request had no credentials'),
  MissingAuthenticationToken: final('ACCESS_DENIED', 'the request had no credentials'),
  ExpiredTokenException: final('ACCESS_DENIED', 'the credentials have expired'),
  ExpiredToken: final('ACCESS_DENIED', 'the credentials have expired'),
  CredentialsProviderError: final('ACCESS_DENIED', 'no credentials were found'),
  KMSAccessDeniedException: final('ACCESS_DENIED', 'the key of the table may not be used'),
  ThrottlingException: again('BUSY', 'the service throttles requests'),
  Throttling: again('BUSY', 'the service throttles requests'),
  ProvisionedThroughputExceededException: again('BUSY', 'the capacity of the table or of a key is used up'),
  RequestLimitExceeded: again('BUSY', 'the account is at its limit of requests'),
  TransactionConflictException: again('BUSY', 'another transaction has one of the items in hand'),
  LimitExceededException: again('BUSY', 'too many tables are being changed at once'),
  ServiceUnavailable: again('BACKEND_UNAVAILABLE', 'the service is unavailable'),
  TransactionInProgressException: lost('the same transaction is still under way'),
  InternalServerError: lost('the service failed'),
  InternalServerException: lost('the service failed'),
  InternalFailure: lost('the service failed'),
  TimeoutError: lost('the service did not answer in time'),
  RequestTimeout: lost('the service did not answer in time'),
  RequestTimeoutException: lost('the service did not answer in time'),
  AbortError: lost('the request was given up'),
  ReplicatedWriteConflictException: again('BUSY', 'another region writes to the same item'),
  ValidationException: final('BACKEND_FAILED', 'the service takes the request for malformed'),
  SerializationException: final('BACKEND_FAILED', 'the service takes the request for malformed'),
  UnknownOperationException: final('NOT_SUPPORTED', 'the server lacks an operation'),
  IdempotentParameterMismatchException: final('BACKEND_FAILED', 'a token was used for two transactions'),
  TransactionCanceledException: final('BACKEND_FAILED', 'the service cancelled the transaction'),
}

/** A table that was made by somebody else: what is asked for by our keys is refused with such words. */
const FOREIGN_SHAPE =
  /provided key element does not match the schema|Missing the key|Type mismatch for key|number of conditions on the keys is invalid|Query condition missed key schema element|One of the required keys was not given a value/i

/** Of Node's own error codes only the form counts: all of them mean that the connection is not there. */
const SYSTEM_CODE = /^(E[A-Z_]{2,}|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_|ERR_SSL_)/

/**
 * Turns whatever the client threw into a typed error. Never throws. The service's own words stay in the `cause`.
 *
 * @param writes - the request changes something.
 * @param inDoubt - an attempt before the last may have arrived, whatever became of the last.
 */
export function classifyError(cause: unknown, writes: boolean, inDoubt = false): EventStoreError {
  if (EventStoreError.is(cause)) return cause
  const { verdict, detail } = judge(cause)
  const message = `dynamodb: ${verdict.message}${detail === undefined ? '' : ` (${detail})`}`
  if ((verdict.lost === true || inDoubt) && writes) {
    const code = verdict.retryable ? 'OUTCOME_UNKNOWN' : verdict.code
    return new EventStoreError(code, `${message} while a write was under way`, {
      outcome: 'unknown',
      retryable: verdict.retryable,
      cause,
    })
  }
  return new EventStoreError(verdict.code, message, { retryable: verdict.retryable, cause })
}

function judge(cause: unknown): { readonly verdict: Verdict; readonly detail: string | undefined } {
  const name = property(cause, 'name')
  const text = property(cause, 'message') ?? ''
  if (name === 'ValidationException' && FOREIGN_SHAPE.test(text)) {
    const message = 'the table has other keys: it was not made for Eventspine'
    return { verdict: final('STORE_INCOMPATIBLE', message), detail: name }
  }
  const code = property(cause, 'code')
  if (code !== undefined && SYSTEM_CODE.test(code)) {
    const verdict = UNSENT.has(code)
      ? again('BACKEND_UNAVAILABLE', 'the service cannot be reached')
      : lost('the connection was lost')
    return { verdict, detail: code }
  }
  if (name !== undefined && Object.hasOwn(ERROR_NAMES, name)) {
    const verdict = ERROR_NAMES[name]
    if (verdict !== undefined) return { verdict, detail: name }
  }
  if (text === 'Region is missing')
    return { verdict: final('INVALID_ARGUMENT', 'the client has no region'), detail: undefined }
  // Unheard of: for a write it cannot be ruled out that it was executed.
  return {
    verdict: { ...final('BACKEND_FAILED', 'the client failed with an unknown error'), lost: true },
    detail: undefined,
  }
}

function property(cause: unknown, name: 'code' | 'message' | 'name'): string | undefined {
  if (typeof cause !== 'object' || cause === null || !(name in cause)) return undefined
  const value: unknown = Reflect.get(cause, name)
  return typeof value === 'string' ? value : undefined
}
