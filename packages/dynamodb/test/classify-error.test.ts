import { EventStoreError } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { classifyError, ERROR_NAMES } from '../src/classify-error.ts'

function verdict(cause: unknown, writes = true) {
  const { code, outcome, retryable } = classifyError(cause, writes)
  return `${code} ${outcome}${retryable ? ' retryable' : ''}`
}

function named(name: string, message = 'hunter2'): Error {
  return Object.assign(new Error(message), { name })
}

describe('what the service says to a write', () => {
  const missing = 'STORE_MISSING not-applied'
  const denied = 'ACCESS_DENIED not-applied'
  const busy = 'BUSY not-applied retryable'
  const unknown = 'OUTCOME_UNKNOWN unknown retryable'
  const failed = 'BACKEND_FAILED not-applied'
  const expected: Record<string, string> = {
    ResourceNotFoundException: missing,
    TableNotFoundException: missing,
    AccessDeniedException: denied,
    AccessDenied: denied,
    UnrecognizedClientException: denied,
    InvalidClientTokenId: denied,
    InvalidSignatureException: denied,
    IncompleteSignatureException: denied,
    IncompleteSignature: denied,
    SignatureDoesNotMatch: denied,
    MissingAuthenticationTokenException: denied,
    MissingAuthenticationToken: denied,
    ExpiredTokenException: denied,
    ExpiredToken: denied,
    CredentialsProviderError: denied,
    KMSAccessDeniedException: denied,
    ThrottlingException: busy,
    Throttling: busy,
    ProvisionedThroughputExceededException: busy,
    RequestLimitExceeded: busy,
    TransactionConflictException: busy,
    LimitExceededException: busy,
    ReplicatedWriteConflictException: busy,
    ServiceUnavailable: 'BACKEND_UNAVAILABLE not-applied retryable',
    TransactionInProgressException: unknown,
    InternalServerError: unknown,
    InternalServerException: unknown,
    InternalFailure: unknown,
    TimeoutError: unknown,
    RequestTimeout: unknown,
    RequestTimeoutException: unknown,
    AbortError: unknown,
    ValidationException: failed,
    SerializationException: failed,
    UnknownOperationException: 'NOT_SUPPORTED not-applied',
    IdempotentParameterMismatchException: failed,
    TransactionCanceledException: failed,
  }

  it('has a row for every name', () => {
    expect(Object.keys(ERROR_NAMES).sort()).toEqual(Object.keys(expected).sort())
  })

  it.each(Object.entries(expected))('%s', (name, said) => {
    expect(verdict(named(name))).toBe(said)
    expect(String(classifyError(named(name), true))).not.toContain('hunter2')
    expect(verdict(named(name), false)).toBe(
      said === unknown ? 'BACKEND_UNAVAILABLE not-applied retryable' : said,
    )
  })
})

describe('what the network says', () => {
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })

  it('is not sent when no connection was had at the only attempt', () => {
    expect(verdict(refused)).toBe('BACKEND_UNAVAILABLE not-applied retryable')
    expect(verdict(Object.assign(new Error(''), { code: 'ENOTFOUND' }))).toBe(
      'BACKEND_UNAVAILABLE not-applied retryable',
    )
  })

  it('is unknown when an attempt before may have arrived, or the connection broke', () => {
    for (const last of [refused, named('ThrottlingException')])
      expect(classifyError(last, true, true)).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'unknown' })
    expect(verdict(Object.assign(new Error(''), { code: 'ECONNRESET' }))).toBe(
      'OUTCOME_UNKNOWN unknown retryable',
    )
    expect(verdict(Object.assign(new Error(''), { code: 'ECONNRESET' }), false)).toBe(
      'BACKEND_UNAVAILABLE not-applied retryable',
    )
  })
})

it('tells a table with other keys from a malformed request', () => {
  for (const message of [
    'The provided key element does not match the schema',
    'One or more parameter values were invalid: Missing the key id in the item',
    'One or more parameter values were invalid: Type mismatch for key sk',
    'The number of conditions on the keys is invalid',
  ]) {
    expect(verdict(named('ValidationException', message))).toBe('STORE_INCOMPATIBLE not-applied')
  }
})

it('says that the region is missing', () => {
  expect(verdict(new Error('Region is missing'), false)).toBe('INVALID_ARGUMENT not-applied')
})

it('never throws, and takes for unknown what it does not know', () => {
  for (const cause of [undefined, null, 'text', 7, {}, new Error('hunter2'), named('NeverHeardOf')]) {
    expect(verdict(cause)).toBe('BACKEND_FAILED unknown')
    expect(verdict(cause, false)).toBe('BACKEND_FAILED not-applied')
  }
  const typed = new EventStoreError('CLOSED', 'closed')
  expect(classifyError(typed, true)).toBe(typed)
})
