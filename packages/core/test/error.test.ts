import { describe, expect, it, vi } from 'vitest'
import {
  EventStoreError,
  invalidArgument,
  RevisionConflictError,
  VersionConflictError,
} from '../src/error.ts'

describe('EventStoreError', () => {
  it('is not retryable and not applied unless it says so', () => {
    const error = new EventStoreError('CLOSED', 'the event store is closed')
    expect(error).toMatchObject({
      code: 'CLOSED',
      retryable: false,
      outcome: 'not-applied',
      field: undefined,
    })
    expect('cause' in error).toBe(false)
  })

  it('keeps its cause, whatever was thrown', () => {
    for (const cause of [new Error('inner'), 'text', null, 0]) {
      expect(new EventStoreError('BACKEND_FAILED', 'outer', { cause }).cause).toBe(cause)
    }
  })

  it('is told from all else, and by its code', () => {
    const error = invalidArgument('limit', 'must not be negative')
    expect(EventStoreError.is(error)).toBe(true)
    expect(EventStoreError.is(error, 'INVALID_ARGUMENT')).toBe(true)
    expect(EventStoreError.is(error, 'CLOSED')).toBe(false)
    expect(error.message).toBe('limit: must not be negative')
    for (const other of [
      new Error('x'),
      { code: 'INVALID_ARGUMENT' },
      null,
      undefined,
      'INVALID_ARGUMENT',
      7,
    ]) {
      expect(EventStoreError.is(other)).toBe(false)
    }
  })

  it('is recognised across two copies of the package in one process', async () => {
    vi.resetModules()
    const other = await import('../src/error.ts')
    expect(other.EventStoreError).not.toBe(EventStoreError)
    const conflict = new other.VersionConflictError('cart:1', 2, 3)
    expect(conflict).not.toBeInstanceOf(EventStoreError)
    expect(EventStoreError.is(conflict, 'VERSION_CONFLICT')).toBe(true)
    expect(other.EventStoreError.is(new RevisionConflictError('notes', 'n'), 'REVISION_CONFLICT')).toBe(true)
  })

  it('carries both sides of a conflict, and undefined where a backend cannot tell', () => {
    const conflict = new VersionConflictError('cart:"1"', 'none', 3)
    expect(conflict).toMatchObject({ streamId: 'cart:"1"', expectedVersion: 'none', actualVersion: 3 })
    expect(conflict.message).toBe('stream "cart:\\"1\\"" is at version 3, expected none')
    expect(new VersionConflictError('cart:1', 2, undefined).message).toContain('version unknown')
  })

  it('shows what matters when it is printed, and not its brand', () => {
    const printed = Object.keys(new EventStoreError('BUSY', 'waited', { retryable: true }))
    expect(printed.toSorted()).toEqual(['code', 'field', 'name', 'outcome', 'retryable'])
  })
})
