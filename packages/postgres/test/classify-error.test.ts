import { EventStoreError } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { classifyError, DRIVER_MESSAGES, SQLSTATES, sqlState } from '../src/classify-error.ts'

const inWrite = { phase: 'run', writes: true } as const
const inRead = { phase: 'run', writes: false } as const
const connecting = { phase: 'connect', writes: false } as const

/** As `pg` and PGlite throw what the server reported. */
function serverError(code: string, severity = 'ERROR'): Error {
  return Object.assign(new Error('invalid input for "hunter2"'), {
    code,
    severity,
    detail: 'Failing row: hunter2',
  })
}

function verdict(cause: unknown, context: Parameters<typeof classifyError>[1]) {
  const { code, outcome, retryable } = classifyError(cause, context)
  return `${code} ${outcome}${retryable ? ' retryable' : ''}`
}

describe('SQLSTATEs of a write under way', () => {
  const expected: Record<string, string> = {
    '08': 'OUTCOME_UNKNOWN unknown retryable',
    '08001': 'BACKEND_UNAVAILABLE not-applied retryable',
    '08004': 'BACKEND_UNAVAILABLE not-applied retryable',
    '08P01': 'BACKEND_FAILED not-applied',
    '0A': 'NOT_SUPPORTED not-applied',
    '0A000': 'BACKEND_FAILED not-applied retryable',
    '22': 'BACKEND_FAILED not-applied',
    '22P05': 'STORE_INCOMPATIBLE not-applied',
    '23': 'BACKEND_FAILED not-applied',
    '25': 'BACKEND_FAILED not-applied',
    '25006': 'BACKEND_UNAVAILABLE not-applied retryable',
    '25P02': 'BACKEND_FAILED not-applied',
    '25P03': 'OUTCOME_UNKNOWN unknown retryable',
    '25P04': 'OUTCOME_UNKNOWN unknown retryable',
    '26': 'BACKEND_FAILED not-applied',
    '28': 'ACCESS_DENIED not-applied',
    '3D': 'STORE_MISSING not-applied',
    '3F': 'STORE_MISSING not-applied',
    '40': 'BUSY not-applied retryable',
    '40001': 'BUSY not-applied retryable',
    '40003': 'OUTCOME_UNKNOWN unknown retryable',
    '40P01': 'BUSY not-applied retryable',
    '42': 'BACKEND_FAILED not-applied',
    '42501': 'ACCESS_DENIED not-applied',
    '42883': 'STORE_MISSING not-applied',
    '42P01': 'STORE_MISSING not-applied',
    '42P05': 'BACKEND_FAILED not-applied',
    '53': 'BACKEND_UNAVAILABLE not-applied retryable',
    '53100': 'BACKEND_UNAVAILABLE not-applied retryable',
    '53200': 'BACKEND_UNAVAILABLE not-applied retryable',
    '53300': 'BACKEND_UNAVAILABLE not-applied retryable',
    '54': 'LIMIT_EXCEEDED not-applied',
    '55': 'BACKEND_FAILED not-applied',
    '55P03': 'BUSY not-applied retryable',
    '57': 'OUTCOME_UNKNOWN unknown retryable',
    '57014': 'BUSY not-applied retryable',
    '57P01': 'OUTCOME_UNKNOWN unknown retryable',
    '57P02': 'OUTCOME_UNKNOWN unknown retryable',
    '57P03': 'BACKEND_UNAVAILABLE not-applied retryable',
    '57P04': 'OUTCOME_UNKNOWN unknown retryable',
    '58': 'BACKEND_FAILED not-applied',
    F0: 'BACKEND_FAILED not-applied',
    P0: 'BACKEND_FAILED not-applied',
    XX: 'BACKEND_FAILED not-applied',
  }

  it('are all in the table', () => {
    expect(Object.keys(SQLSTATES).sort()).toEqual(Object.keys(expected).sort())
  })

  it.each(Object.entries(expected))('%s is %s', (state, wanted) => {
    // A class stands for all of its codes that have no entry.
    expect(verdict(serverError(state.padEnd(5, 'Z')), inWrite)).toBe(wanted)
  })

  it('leave nothing in doubt for a read, within a transaction and before anything was sent', () => {
    for (const state of Object.keys(SQLSTATES)) {
      for (const context of [inRead, connecting]) {
        expect(classifyError(serverError(state.padEnd(5, 'Z')), context).outcome).toBe('not-applied')
      }
    }
  })

  it('that nobody knows are a failure that was rolled back, unless they end the connection', () => {
    expect(verdict(serverError('ZZ123'), inWrite)).toBe('BACKEND_FAILED not-applied')
    expect(verdict(serverError('ZZ123', 'FATAL'), inWrite)).toBe('OUTCOME_UNKNOWN unknown retryable')
    expect(verdict(serverError('ZZ123', 'PANIC'), inRead)).toBe('BACKEND_UNAVAILABLE not-applied retryable')
  })
})

describe('what drivers say in words', () => {
  const expected: Record<string, string> = {
    'timeout exceeded when trying to connect': 'BUSY not-applied retryable',
    'Cannot use a pool after calling end': 'CLOSED not-applied',
    'Client was closed and is not queryable': 'CLOSED not-applied',
    'Client has encountered a connection error': 'OUTCOME_UNKNOWN unknown retryable',
    'Connection terminated': 'OUTCOME_UNKNOWN unknown retryable',
    'Query read timeout': 'OUTCOME_UNKNOWN unknown retryable',
    SASL: 'ACCESS_DENIED not-applied',
    'PGlite is clos': 'CLOSED not-applied',
    'Transaction is closed': 'CLOSED not-applied',
  }

  it('is all in the table', () => {
    expect(DRIVER_MESSAGES.map(([start]) => start).sort()).toEqual(Object.keys(expected).sort())
  })

  it.each(Object.entries(expected))('"%s" is %s in a write', (start, wanted) => {
    expect(verdict(new Error(`${start}: more`), inWrite)).toBe(wanted)
  })
})

describe('errors of the system', () => {
  it('mean that a connection cannot be had, or was lost', () => {
    for (const code of [
      'ECONNREFUSED',
      'ECONNRESET',
      'ENOTFOUND',
      'EPIPE',
      'ETIMEDOUT',
      'SELF_SIGNED_CERT_IN_CHAIN',
    ]) {
      const cause = Object.assign(new Error('connect 10.0.0.1:5432'), { code })
      expect(verdict(cause, connecting)).toBe('BACKEND_UNAVAILABLE not-applied retryable')
      expect(verdict(cause, inRead)).toBe('BACKEND_UNAVAILABLE not-applied retryable')
      expect(verdict(cause, inWrite)).toBe('OUTCOME_UNKNOWN unknown retryable')
    }
  })

  it('are not taken for SQLSTATEs, though some have five capitals', () => {
    expect(sqlState(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))).toBeUndefined()
    expect(sqlState(serverError('40P01'))).toBe('40P01')
  })
})

describe('anything else', () => {
  it.each([[undefined], [null], ['a string'], [42], [{}], [new Error('unheard of')], [Object.create(null)]])(
    'such as %s is a failure, of which a write may have happened',
    (cause) => {
      expect(verdict(cause, inWrite)).toBe('BACKEND_FAILED unknown')
      expect(verdict(cause, inRead)).toBe('BACKEND_FAILED not-applied')
      expect(verdict(cause, connecting)).toBe('BACKEND_UNAVAILABLE not-applied retryable')
    },
  )

  it('keeps the cause, and an error that is classified already', () => {
    const cause = serverError('40P01')
    expect(classifyError(cause, inWrite).cause).toBe(cause)
    const typed = new EventStoreError('CLOSED', 'closed')
    expect(classifyError(typed, inWrite)).toBe(typed)
  })

  it('repeats nothing of what the server said, which may quote values', () => {
    for (const state of Object.keys(SQLSTATES)) {
      expect(classifyError(serverError(state.padEnd(5, 'Z')), inWrite).message).not.toContain('hunter2')
    }
    expect(classifyError(new Error('hunter2'), inWrite).message).not.toContain('hunter2')
  })
})
