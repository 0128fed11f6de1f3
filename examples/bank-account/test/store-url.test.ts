import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { describeStore, storeUrl } from '../src/store-url.ts'

test('is what the environment names, else a folder of the checkout that is not in version control', () => {
  expect(storeUrl({ EVENTSPINE_STORE: 'memory:' })).toBe('memory:')
  const root = resolve(import.meta.dirname, '../../..')
  expect(storeUrl({})).toBe(`pglite:${resolve(root, '.eventspine/bank-account')}`)
  expect(storeUrl({ EVENTSPINE_STORE: '' })).toBe(storeUrl({}))
})

test('is shown without user, password and options', () => {
  expect(describeStore('postgres://ada:secret@db:5432/bank?password=secret')).toBe('postgres://db:5432/bank')
  expect(describeStore('postgres://ada:sec ret@[x/bank')).toBe('postgres:')
  expect(describeStore('memory:')).toBe('memory:')
  expect(describeStore(`pglite:${resolve('a/b')}`)).toBe('pglite:a/b')
  expect(describeStore('pglite:/elsewhere/b')).toBe('pglite:/elsewhere/b')
})
