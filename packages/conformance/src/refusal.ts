import assert from 'node:assert/strict'
import {
  EventStoreError,
  type EventStoreErrorCode,
  type Outcome,
  VersionConflictError,
} from '@eventspine/core'
import { PAYLOAD } from './sample-events.ts'

export interface ExpectedRefusal {
  /** The argument that the error must name. */
  readonly field?: string
  /** Default `not-applied`. */
  readonly outcome?: Outcome
  readonly retryable?: boolean
}

/** Asserts that `call` fails with a typed error of `code`, and returns it. */
export async function refusal(
  call: () => unknown,
  code: EventStoreErrorCode,
  expected: ExpectedRefusal = {},
): Promise<EventStoreError> {
  const { outcome = 'not-applied' } = expected
  const error = await failureOf(call, code)
  assert.ok(EventStoreError.is(error), `expected ${code}, got the untyped ${String(error)}`)
  assert.equal(error.code, code, `expected ${code}, got ${error.code}: ${error.message}`)
  assert.equal(error.outcome, outcome, `outcome of ${code}: ${error.message}`)
  if (expected.field !== undefined)
    assert.equal(error.field, expected.field, `field of ${code}: ${error.message}`)
  if (expected.retryable !== undefined)
    assert.equal(error.retryable, expected.retryable, `retryable of ${code}`)
  assert.ok(!error.message.includes(PAYLOAD), `the message of ${code} holds a payload: ${error.message}`)
  return error
}

/**
 * Asserts besides that the refusal came before any I/O: no round trip can end before the event loop has
 * turned once.
 */
export async function refusalAtOnce(
  call: () => unknown,
  code: EventStoreErrorCode,
  field?: string,
): Promise<EventStoreError> {
  let turned = false
  const turn = setImmediate(() => (turned = true))
  try {
    const error = await refusal(call, code, field === undefined ? {} : { field })
    assert.ok(!turned, `${code} came only after the event loop had turned: after I/O`)
    return error
  } finally {
    clearImmediate(turn)
  }
}

/** Asserts a version conflict that carries both sides. */
export async function versionConflict(
  call: () => unknown,
  expected: Pick<VersionConflictError, 'streamId' | 'expectedVersion' | 'actualVersion'>,
): Promise<void> {
  const error = await refusal(call, 'VERSION_CONFLICT')
  assert.ok(EventStoreError.is(error, 'VERSION_CONFLICT'), 'the error carries the versions')
  assert.equal(error.streamId, expected.streamId)
  assert.equal(error.expectedVersion, expected.expectedVersion)
  // A backend that cannot tell says `undefined`, never a wrong number.
  if (error.actualVersion !== undefined)
    assert.equal(error.actualVersion, expected.actualVersion, 'actualVersion')
}

async function failureOf(call: () => unknown, code: string): Promise<unknown> {
  try {
    await call()
  } catch (error) {
    return error
  }
  return assert.fail(`expected ${code}, but the call succeeded`)
}
