import { describe, expectTypeOf, test } from 'vitest'
import {
  EventStoreError,
  type EventStoreErrorCode,
  type ExpectedVersion,
  type RevisionConflictError,
  type VersionConflictError,
} from '../src/index.ts'

describe('errors narrow on their code', () => {
  test('by asking for one', () => {
    const error: unknown = undefined
    if (EventStoreError.is(error, 'VERSION_CONFLICT')) {
      expectTypeOf(error).toEqualTypeOf<VersionConflictError>()
      expectTypeOf(error.expectedVersion).toEqualTypeOf<ExpectedVersion>()
      expectTypeOf(error.actualVersion).toEqualTypeOf<number | undefined>()
    }
    if (EventStoreError.is(error, 'BUSY')) {
      expectTypeOf(error.code).toEqualTypeOf<'BUSY'>()
      // @ts-expect-error -- another error's
      void error.actualVersion
    }
    // @ts-expect-error -- no such code
    EventStoreError.is(error, 'VERSION_MISMATCH')
  })

  test('by comparing it', () => {
    const error: unknown = undefined
    if (!EventStoreError.is(error)) return
    expectTypeOf(error.code).toEqualTypeOf<EventStoreErrorCode>()
    if (error.code === 'VERSION_CONFLICT') expectTypeOf(error).toEqualTypeOf<VersionConflictError>()
    switch (error.code) {
      case 'REVISION_CONFLICT':
        expectTypeOf(error).toEqualTypeOf<RevisionConflictError>()
        break
      case 'OUTCOME_UNKNOWN':
        expectTypeOf(error.outcome).toEqualTypeOf<'not-applied' | 'unknown'>()
        break
      default:
        expectTypeOf(error.code).toEqualTypeOf<
          Exclude<EventStoreErrorCode, 'REVISION_CONFLICT' | 'OUTCOME_UNKNOWN'>
        >()
    }
  })
})
