import { memory } from '@eventspine/memory'
import { expect, test } from 'vitest'
import { fold } from '../src/index.ts'
import { account, accountDecider } from './account.ts'
import { failureOf } from './failure-of.ts'

async function filled() {
  const backend = memory()
  await account
    .store(backend.store)
    .append('42', [
      account.event('Opened', { owner: 'Ada' }),
      account.event('Deposited', { cents: 500 }),
      account.event('Withdrawn', { cents: 200 }),
    ])
  return backend
}

test('folds a stream into its state, with its version and position', async () => {
  const { store } = await filled()
  const head = await store.head('account:42')
  expect(await fold(store, accountDecider, account.stream('42'))).toEqual({
    state: { status: 'open', cents: 300 },
    version: 3,
    position: head.position,
  })
})

test('folds as it was at a version', async () => {
  const { store } = await filled()
  expect((await fold(store, accountDecider, '42', { at: 2 })).state.cents).toBe(500)
  expect(await fold(store, accountDecider, '42', { at: 0 })).toMatchObject({
    version: 0,
    state: { status: 'missing' },
  })
  expect((await fold(store, accountDecider, '42', { at: 99 })).version).toBe(3)
  expect(await failureOf(fold(store, accountDecider, '42', { at: -1 }))).toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
})

test('a missing and a deleted stream fold into the initial state', async () => {
  const { store } = await filled()
  const nothing = { state: { status: 'missing', cents: 0 }, version: 0, position: undefined }
  expect(await fold(store, accountDecider, '43')).toEqual(nothing)
  await store.delete('account:42')
  expect(await fold(store, accountDecider, '42')).toEqual(nothing)
})

test('refuses to guess the state of a truncated stream', async () => {
  const { store } = await filled()
  await store.truncate('account:42', { before: 2 })
  expect(await failureOf(fold(store, accountDecider, '42'))).toMatchObject({
    code: 'POSITION_EXPIRED',
    field: 'stream',
  })
})

test('refuses events that its contract does not know', async () => {
  const { store } = await filled()
  await store.append('account:42', [{ type: 'Merged', data: {} }])
  expect(await failureOf(fold(store, accountDecider, '42'))).toMatchObject({ code: 'SCHEMA_MISMATCH' })
})

test('folds long streams page by page', async () => {
  const backend = memory()
  const many = Array.from({ length: 2500 }, () => account.event('Deposited', { cents: 1 }))
  await account.store(backend.store).append('42', many)
  expect((await fold(backend.store, accountDecider, '42')).state.cents).toBe(2500)
})
