import { EventStoreError } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { classifyGroupError, GROUP_ERRORS } from '../src/groups/group-error.ts'
import { TimeRanOut } from '../src/within.ts'

function answer(type: string): Error {
  return Object.assign(new Error('the answer'), { name: 'KafkaJSProtocolError', type, code: 1 })
}

function verdict(cause: unknown): string {
  const { code, outcome, retryable, field } = classifyGroupError(cause, 'write')
  return [code, outcome, ...(retryable ? ['retryable'] : []), ...(field === undefined ? [] : [field])].join(
    ' ',
  )
}

describe('what a coordinator answers to a member', () => {
  it('is sorted by a table, and none of it has written anything', () => {
    expect(
      Object.fromEntries(Object.keys(GROUP_ERRORS).map((type) => [type, verdict(answer(type))])),
    ).toEqual({
      ILLEGAL_GENERATION: 'LEASE_LOST not-applied',
      UNKNOWN_MEMBER_ID: 'LEASE_LOST not-applied',
      FENCED_INSTANCE_ID: 'LEASE_LOST not-applied',
      REBALANCE_IN_PROGRESS: 'BUSY not-applied retryable',
      OFFSET_METADATA_TOO_LARGE: 'LIMIT_EXCEEDED not-applied',
      INVALID_COMMIT_OFFSET_SIZE: 'LIMIT_EXCEEDED not-applied',
      INVALID_SESSION_TIMEOUT: 'INVALID_ARGUMENT not-applied leaseMs',
      INVALID_GROUP_ID: 'INVALID_ARGUMENT not-applied group',
      INCONSISTENT_GROUP_PROTOCOL: 'STORE_INCOMPATIBLE not-applied',
      GROUP_MAX_SIZE_REACHED: 'BUSY not-applied',
    })
  })

  it('is left to the table of all requests when it is about none of that', () => {
    expect(verdict(answer('GROUP_AUTHORIZATION_FAILED'))).toBe('ACCESS_DENIED not-applied')
    expect(verdict(answer('NOT_COORDINATOR_FOR_GROUP'))).toBe('OUTCOME_UNKNOWN unknown retryable')
  })

  it('may not have come in time, or be anything', () => {
    expect(verdict(new TimeRanOut('not done'))).toBe('BACKEND_UNAVAILABLE not-applied retryable')
    expect(verdict(undefined)).toMatch(/^BACKEND_FAILED/)
    expect(verdict('a string')).toMatch(/^BACKEND_FAILED/)
    const own = new EventStoreError('CLOSED', 'closed')
    expect(classifyGroupError(own, 'read')).toBe(own)
  })
})
