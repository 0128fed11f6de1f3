import { EventStoreError } from '@eventspine/core'
import { expect, test } from 'vitest'
import { explainFailure } from '../src/explain-failure.ts'

test('says in one line what failed, its code, and what to do', () => {
  const error = new EventStoreError('BACKEND_UNAVAILABLE', 'the database cannot be opened')
  expect(explainFailure(error, 'postgres://db/bank')).toBe(
    'the database cannot be opened (BACKEND_UNAVAILABLE): start the server, or check host and port in EVENTSPINE_STORE',
  )
  expect(explainFailure(error, 'pglite:bank')).toContain('name another folder')
  expect(explainFailure(new EventStoreError('BACKEND_FAILED', 'odd'), 'memory:')).toBe('odd (BACKEND_FAILED)')
})

test('leaves what should never happen to whoever looks into it', () => {
  expect(explainFailure(new TypeError('odd'), 'memory:')).toBeUndefined()
})
