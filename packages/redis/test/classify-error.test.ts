import { EventStoreError } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { classifyError, MESSAGES, SERVER_CODES } from '../src/classify-error.ts'

const inWrite = { writes: true, sent: true } as const
const inRead = { writes: false, sent: true } as const
const notSent = { writes: true, sent: false } as const

function verdict(cause: unknown, context: Parameters<typeof classifyError>[1]) {
  const { code, outcome, retryable } = classifyError(cause, context)
  return `${code} ${outcome}${retryable ? ' retryable' : ''}`
}

describe('what the server says to a write under way', () => {
  const expected: Record<string, string> = {
    NOAUTH: 'ACCESS_DENIED not-applied',
    WRONGPASS: 'ACCESS_DENIED not-applied',
    NOPERM: 'ACCESS_DENIED not-applied',
    OOM: 'BACKEND_UNAVAILABLE not-applied retryable',
    READONLY: 'BACKEND_UNAVAILABLE not-applied retryable',
    LOADING: 'BACKEND_UNAVAILABLE not-applied retryable',
    MASTERDOWN: 'BACKEND_UNAVAILABLE not-applied retryable',
    NOREPLICAS: 'BACKEND_UNAVAILABLE not-applied retryable',
    MISCONF: 'BACKEND_UNAVAILABLE not-applied retryable',
    CLUSTERDOWN: 'BACKEND_UNAVAILABLE not-applied retryable',
    TRYAGAIN: 'BACKEND_UNAVAILABLE not-applied retryable',
    MOVED: 'BACKEND_FAILED not-applied',
    ASK: 'BACKEND_UNAVAILABLE not-applied retryable',
    CROSSSLOT: 'BACKEND_FAILED not-applied',
    BUSY: 'BUSY not-applied retryable',
    NOSCRIPT: 'BACKEND_FAILED not-applied',
    NOPROTO: 'BACKEND_FAILED not-applied',
    WRONGTYPE: 'BACKEND_FAILED unknown',
  }

  it('has a row for every code', () => {
    expect(Object.keys(SERVER_CODES).sort()).toEqual(Object.keys(expected).sort())
  })

  it.each(Object.entries(expected))('%s', (code, said) => {
    expect(verdict(new Error(`${code} hunter2`), inWrite)).toBe(said)
    expect(String(classifyError(new Error(`${code} hunter2`), inWrite))).not.toContain('hunter2')
  })
})

describe('what has no code of its own', () => {
  const expected: Record<string, string> = {
    'ERR max number of clients reached': 'BACKEND_UNAVAILABLE not-applied retryable',
    'ERR ACL failure in script': 'ACCESS_DENIED unknown',
    'ERR unknown command': 'NOT_SUPPORTED not-applied',
    'ERR invalid DB index': 'STORE_MISSING not-applied',
    'ERR DB index is out of range': 'STORE_MISSING not-applied',
    'ERR invalid password': 'ACCESS_DENIED not-applied',
    "Stream isn't writeable": 'BACKEND_UNAVAILABLE not-applied retryable',
    "Cluster isn't ready": 'BACKEND_UNAVAILABLE not-applied retryable',
    'Failed to refresh slots cache': 'BACKEND_UNAVAILABLE not-applied retryable',
    'Cluster is ended': 'BACKEND_UNAVAILABLE not-applied retryable',
    'None of startup nodes': 'BACKEND_UNAVAILABLE not-applied retryable',
    'Command timed out': 'OUTCOME_UNKNOWN unknown retryable',
    'Connection is closed': 'OUTCOME_UNKNOWN unknown retryable',
    'Command aborted due to connection close': 'OUTCOME_UNKNOWN unknown retryable',
    'Reached the max retries per request limit': 'OUTCOME_UNKNOWN unknown retryable',
    'Too many Cluster redirections': 'OUTCOME_UNKNOWN unknown retryable',
    'Socket timeout': 'OUTCOME_UNKNOWN unknown retryable',
  }

  it('has a row for every beginning', () => {
    expect(MESSAGES.map(([start]) => start).sort()).toEqual(Object.keys(expected).sort())
  })

  it.each(Object.entries(expected))('%s', (message, said) => {
    expect(verdict(new Error(`${message} and so on`), inWrite)).toBe(said)
  })
})

it('knows that what was never sent was not applied', () => {
  const closed = new Error('Connection is closed.')
  expect(verdict(closed, notSent)).toBe('BACKEND_UNAVAILABLE not-applied retryable')
  const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
  expect(verdict(refused, notSent)).toBe('BACKEND_UNAVAILABLE not-applied retryable')
  expect(verdict(Object.assign(new Error('read'), { code: 'ECONNRESET' }), inWrite)).toBe(
    'OUTCOME_UNKNOWN unknown retryable',
  )
})

it('never leaves open whether a read was applied', () => {
  expect(verdict(new Error('Connection is closed.'), inRead)).toBe(
    'BACKEND_UNAVAILABLE not-applied retryable',
  )
  expect(verdict(new Error('WRONGTYPE Operation'), inRead)).toBe('BACKEND_FAILED not-applied')
})

it('takes what it does not know for a failure after which nobody knows', () => {
  for (const cause of [undefined, 'text', {}, new Error('odd'), new Error('ERR user_script:3: odd')])
    expect(verdict(cause, inWrite)).toBe('BACKEND_FAILED unknown')
})

it('passes on what is typed, and keeps the cause of what is not', () => {
  const typed = new EventStoreError('CLOSED', 'closed')
  expect(classifyError(typed, inWrite)).toBe(typed)
  const cause = new Error('OOM command not allowed')
  expect(classifyError(cause, inWrite).cause).toBe(cause)
})
