import { createRequire } from 'node:module'
import { EventStoreError } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { classifyError, CLIENT_ERRORS, PROTOCOL_ERRORS, type FailureContext } from '../src/classify-error.ts'

const reading: FailureContext = { phase: 'read' }
const repeated: FailureContext = { phase: 'write' }
const first: FailureContext = { phase: 'write', attempts: 1 }
const unsent: FailureContext = { phase: 'write', attempts: 0 }
const several: FailureContext = { phase: 'write', attempts: 1, partitions: 2 }

/** As kafkajs throws what a broker answered. */
function answer(type: string): Error {
  return Object.assign(new Error('the answer, with hunter2'), { name: 'KafkaJSProtocolError', type, code: 1 })
}

/** As kafkajs throws what it has tried often enough. */
function triedOut(cause: Error): Error {
  return Object.assign(new Error(cause.message, { cause }), {
    name: 'KafkaJSNumberOfRetriesExceeded',
    retriable: false,
  })
}

function verdict(cause: unknown, context: FailureContext): string {
  const { code, outcome, retryable } = classifyError(cause, context)
  return `${code} ${outcome}${retryable ? ' retryable' : ''}`
}

describe('what a broker answers to a write', () => {
  it('says "not applied" of a first refusal, and of a repeated one only where the first attempt was refused as well', () => {
    const certainAlways = Object.keys(PROTOCOL_ERRORS).filter(
      (type) => classifyError(answer(type), repeated).outcome === 'not-applied',
    )
    expect(certainAlways.sort()).toEqual(['INVALID_PRODUCER_EPOCH', 'INVALID_RECORD', 'MESSAGE_TOO_LARGE'])
    const certainAtFirst = Object.keys(PROTOCOL_ERRORS).filter(
      (type) => classifyError(answer(type), first).outcome === 'not-applied',
    )
    expect(certainAtFirst.sort()).toEqual(
      [
        'CLUSTER_AUTHORIZATION_FAILED',
        'DELEGATION_TOKEN_AUTHORIZATION_FAILED',
        'ILLEGAL_SASL_STATE',
        'INVALID_CONFIG',
        'INVALID_PARTITIONS',
        'INVALID_PRODUCER_EPOCH',
        'INVALID_RECORD',
        'INVALID_REPLICATION_FACTOR',
        'INVALID_TIMESTAMP',
        'INVALID_TRANSACTION_TIMEOUT',
        'MESSAGE_TOO_LARGE',
        'POLICY_VIOLATION',
        'RECORD_LIST_TOO_LARGE',
        'SASL_AUTHENTICATION_FAILED',
        'SECURITY_DISABLED',
        'TOPIC_ALREADY_EXISTS',
        'TOPIC_AUTHORIZATION_FAILED',
        'GROUP_AUTHORIZATION_FAILED',
        'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
        'UNSUPPORTED_COMPRESSION_TYPE',
        'UNSUPPORTED_FOR_MESSAGE_FORMAT',
        'UNSUPPORTED_SASL_MECHANISM',
        'UNSUPPORTED_VERSION',
      ].sort(),
    )
  })

  it('is never sure when several partitions were written to at once', () => {
    for (const type of Object.keys(PROTOCOL_ERRORS))
      expect(classifyError(answer(type), several).outcome, type).toBe('unknown')
  })

  it('is always sure when nothing was sent, and in a read', () => {
    for (const type of Object.keys(PROTOCOL_ERRORS)) {
      expect(classifyError(answer(type), unsent).outcome, type).toBe('not-applied')
      expect(classifyError(answer(type), reading).outcome, type).toBe('not-applied')
    }
  })

  it('is found behind the error that kafkajs wraps it in', () => {
    expect(verdict(triedOut(answer('MESSAGE_TOO_LARGE')), repeated)).toBe('LIMIT_EXCEEDED not-applied')
    expect(verdict(triedOut(answer('NOT_LEADER_FOR_PARTITION')), repeated)).toBe(
      'OUTCOME_UNKNOWN unknown retryable',
    )
    expect(verdict(triedOut(answer('UNKNOWN_TOPIC_OR_PARTITION')), reading)).toBe('STORE_MISSING not-applied')
  })

  it.each([
    ['INVALID_PRODUCER_EPOCH', 'LEASE_LOST not-applied'],
    ['TOPIC_AUTHORIZATION_FAILED', 'ACCESS_DENIED unknown'],
    ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'OUTCOME_UNKNOWN unknown retryable'],
    ['OUT_OF_ORDER_SEQUENCE_NUMBER', 'BACKEND_FAILED unknown'],
    ['SOME_NEW_ANSWER', 'BACKEND_FAILED unknown'],
  ])('%s of a write that may be repeated is %s', (type, expected) => {
    expect(verdict(answer(type), repeated)).toBe(expected)
  })

  it('knows the code of PRODUCER_FENCED, which kafkajs does not', () => {
    const error = Object.assign(new Error('Unknown error code 90'), { type: 'KAFKAJS_UNKNOWN_ERROR_CODE' })
    expect(verdict(error, repeated)).toBe('LEASE_LOST not-applied')
  })
})

describe('what kafkajs says itself', () => {
  /** Of the client's classes, those that a table must name: the others carry an answer or a cause. */
  const carriers = [
    'KafkaJSError',
    'KafkaJSNonRetriableError',
    'KafkaJSProtocolError',
    'KafkaJSOffsetOutOfRange',
    'KafkaJSAlterPartitionReassignmentsError',
    'KafkaJSNumberOfRetriesExceeded',
    'KafkaJSDeleteGroupsError',
    'KafkaJSDeleteTopicRecordsError',
    'KafkaJSMemberIdRequired',
    'KafkaJSCreateTopicError',
    'KafkaJSInvalidVarIntError',
    'KafkaJSInvalidLongError',
    'KafkaJSFetcherRebalanceError',
  ]
  const classes = Object.keys(createRequire(import.meta.url)('kafkajs/src/errors.js') as object).filter(
    (name) => name.startsWith('KafkaJS'),
  )

  it('is named for every class of its errors', () => {
    expect(classes.length).toBeGreaterThan(15)
    expect(classes.filter((name) => !(name in CLIENT_ERRORS) && !carriers.includes(name))).toEqual([])
  })

  it('leaves open whether a write happened, unless the client could not even try', () => {
    const sure = Object.keys(CLIENT_ERRORS).filter(
      (name) => classifyError(Object.assign(new Error('x'), { name }), repeated).outcome === 'not-applied',
    )
    expect(sure).toEqual(['KafkaJSNotImplemented'])
  })

  it.each([
    ['KafkaJSConnectionClosedError', 'OUTCOME_UNKNOWN unknown retryable'],
    ['KafkaJSRequestTimeoutError', 'OUTCOME_UNKNOWN unknown retryable'],
    ['KafkaJSConnectionError', 'OUTCOME_UNKNOWN unknown retryable'],
    ['KafkaJSSASLAuthenticationError', 'ACCESS_DENIED unknown'],
  ])('%s is %s', (name, expected) => {
    const cause = Object.assign(new Error('x'), { name })
    expect(verdict(cause, repeated)).toBe(expected)
    expect(verdict(triedOut(cause), repeated)).toBe(expected)
  })
})

describe('anything else', () => {
  it.each([[undefined], ['text'], [new Error('unheard of')], [{ message: 5 }]])('%s is unknown', (cause) => {
    expect(verdict(cause, repeated)).toBe('BACKEND_FAILED unknown')
    expect(verdict(cause, reading)).toBe('BACKEND_FAILED not-applied')
  })

  it('leaves errors of ours as they are and never repeats what the client says', () => {
    const own = new EventStoreError('CLOSED', 'closed')
    expect(classifyError(own, repeated)).toBe(own)
    const told = classifyError(answer('MESSAGE_TOO_LARGE'), first)
    expect(told.message).not.toContain('hunter2')
    expect(told.cause).toBeInstanceOf(Error)
  })
})
