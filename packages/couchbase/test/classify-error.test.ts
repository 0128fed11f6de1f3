import { EventStoreError } from '@eventspine/core'
import * as client from 'couchbase'
import { describe, expect, it } from 'vitest'
import { classifyError, CLIENT_ERRORS, undecided } from '../src/classify-error.ts'

class Named extends Error {
  constructor(name: string) {
    super('hunter2')
    this.name = name
  }
}

describe('an error of the client', () => {
  it.each(Object.keys(CLIENT_ERRORS))('named %s is known to the client by that name', (name) => {
    expect(Object.hasOwn(client, name)).toBe(true)
  })

  it.each(Object.keys(CLIENT_ERRORS))('named %s has a verdict, for reads and writes', (name) => {
    for (const writes of [false, true]) {
      const cause = new Named(name)
      const error = classifyError(cause, writes)
      expect(error).toMatchObject({ cause })
      expect(error.message).toMatch(/^couchbase: /)
      expect(error.message).not.toContain('hunter2')
      if (!writes) expect(error.outcome).toBe('not-applied')
    }
  })

  it.each(['AmbiguousTimeoutError', 'RequestCanceledError', 'DurabilityAmbiguousError', 'TimeoutError'])(
    'named %s leaves unknown what became of a write, and only of a write',
    (name) => {
      expect(classifyError(new Named(name), true)).toMatchObject({
        code: 'OUTCOME_UNKNOWN',
        outcome: 'unknown',
        retryable: true,
      })
      expect(classifyError(new Named(name), false)).toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        outcome: 'not-applied',
        retryable: true,
      })
    },
  )

  it.each([
    ['AuthenticationFailureError', 'ACCESS_DENIED', false],
    ['BucketNotFoundError', 'STORE_MISSING', false],
    ['TemporaryFailureError', 'BACKEND_UNAVAILABLE', true],
    ['DurabilityImpossibleError', 'BACKEND_UNAVAILABLE', true],
    ['DurableWriteInProgressError', 'BUSY', true],
    ['UnambiguousTimeoutError', 'BACKEND_UNAVAILABLE', true],
    ['ValueTooLargeError', 'LIMIT_EXCEEDED', false],
  ])('named %s was not applied: %s', (name, code, retryable) => {
    expect(classifyError(new Named(name), true)).toMatchObject({ code, retryable, outcome: 'not-applied' })
  })

  it('that nobody has heard of leaves open what became of a write', () => {
    for (const cause of [new Named('toString'), 'thrown', undefined]) {
      expect(classifyError(cause, true)).toMatchObject({ code: 'BACKEND_FAILED', outcome: 'unknown' })
      expect(classifyError(cause, false)).toMatchObject({ code: 'BACKEND_FAILED', outcome: 'not-applied' })
    }
  })

  it('that is typed already stays as it is', () => {
    const error = new EventStoreError('CLOSED', 'closed')
    expect(classifyError(error, true)).toBe(error)
  })
})

it('takes whatever failed behind the first step of an append for unknown', () => {
  const refused = classifyError(new Named('TemporaryFailureError'), true)
  expect(undecided(refused)).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'unknown', cause: refused })
  const unknown = classifyError(new Named('AmbiguousTimeoutError'), true)
  expect(undecided(unknown)).toBe(unknown)
})
