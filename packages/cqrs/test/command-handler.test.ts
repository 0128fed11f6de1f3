import { VersionConflictError } from '@eventspine/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { commandHandler, DomainError } from '../src/index.ts'
import { account, type Account, accountDecider } from './account.ts'
import { failureOf } from './failure-of.ts'
import { TestBank } from './test-bank.ts'

let bank: TestBank

beforeEach(async () => {
  bank = await TestBank.open()
})

describe('handling a command', () => {
  test('loads, decides and appends, and tells what came of it', async () => {
    const result = await bank.handler()(account.stream('42'), { type: 'Withdraw', cents: 200 })
    const [stored] = await bank.store.read('account:42', { from: 3 }).toArray()
    expect(result).toEqual({
      token: stored?.position,
      version: 3,
      state: { status: 'open', cents: 300 },
      repeated: false,
      events: [
        {
          id: stored?.id,
          type: 'Withdrawn',
          schemaVersion: 1,
          streamId: 'account:42',
          streamPosition: 3,
          data: { cents: 200 },
          metadata: stored?.metadata,
        },
      ],
    })
  })

  test('starts a stream that does not exist', async () => {
    const { version, state } = await bank.handler()('43', { type: 'Open', owner: 'Grace' })
    expect({ version, state }).toEqual({ version: 1, state: { status: 'open', cents: 0 } })
  })

  test('lets the refusal of the domain through and writes nothing', async () => {
    const error = await failureOf(bank.handler()('42', { type: 'Withdraw', cents: 501 }))
    expect(DomainError.is(error, 'INSUFFICIENT_FUNDS')).toBe(true)
    expect(error).toMatchObject({ data: { cents: 500 } })
    expect(await bank.typesOf('account:42')).toEqual(['Opened', 'Deposited'])
  })

  test('marks its events with the command as their cause', async () => {
    const metadata = { correlationId: 'visit-1', causationId: 'ignored', teller: 'T1' }
    const { events } = await bank.handler()('42', { type: 'Close' }, { id: 'close-1', metadata })
    const stored = await bank.store.read('account:42', { from: 3 }).toArray()
    expect(stored.map((event) => event.metadata)).toEqual([
      { correlationId: 'visit-1', causationId: 'close-1', teller: 'T1' },
      { correlationId: 'visit-1', causationId: 'close-1', teller: 'T1' },
    ])
    expect(events.map((event) => event.metadata)).toEqual(stored.map((event) => event.metadata))
    await bank.handler()('43', { type: 'Open', owner: 'Grace' }, { id: 'open-1' })
    const [opened] = await bank.store.read('account:43').toArray()
    expect(opened?.metadata).toEqual({ correlationId: 'open-1', causationId: 'open-1' })
  })

  test('derives the ids of its events from the stream and the command', async () => {
    const { events } = await bank.handler()('42', { type: 'Close' }, { id: 'close-1' })
    expect(events.map(({ id }) => id)).toEqual([
      '9198a669-262b-5d9e-95a5-ce68cffb1a4d',
      '82e5d9c0-8573-5b71-a569-88c2e1d3962e',
    ])
  })

  test('writes nothing when there is nothing to do, and decides anew when asked again', async () => {
    const handle = bank.handler()
    const before = await handle('42', { type: 'Clear' }, { id: 'clear-0' })
    expect(before.events).toHaveLength(1)
    const { events, version, token, repeated } = await handle('42', { type: 'Clear' }, { id: 'clear-1' })
    expect({ events, version, repeated }).toEqual({ events: [], version: 3, repeated: false })
    expect(token).toBe(before.token)
    await handle('42', { type: 'Deposit', cents: 70 })
    const again = await handle('42', { type: 'Clear' }, { id: 'clear-1' })
    expect(again.events).toMatchObject([{ type: 'Withdrawn', data: { cents: 70 } }])
    expect(await handle('99', { type: 'Clear' })).toMatchObject({ token: '', version: 0, events: [] })
  })

  test('refuses decisions that the contract or the fold refuses, before anything is written', async () => {
    const deciding = (event: unknown) =>
      commandHandler(bank.store, { ...accountDecider, decide: () => event as never })('42', { type: 'Clear' })
    expect(await failureOf(deciding({ type: 'Deposited', data: { cents: -1 } }))).toMatchObject({
      code: 'SCHEMA_MISMATCH',
      field: 'events[0].data.cents',
    })
    expect(await failureOf(deciding([{ type: 'Stolen', data: {} }]))).toMatchObject({
      field: 'events[0].type',
    })
    expect(await failureOf(deciding({ type: 'Closed', data: {}, id: 'x' }))).toMatchObject({
      field: 'events[0].id',
    })
    expect(await failureOf(deciding(undefined))).toMatchObject({ code: 'SCHEMA_MISMATCH' })
    const cannotFold = {
      ...accountDecider,
      evolve: (state: Account, event: { readonly type: string }) => {
        if (event.type === 'Closed') throw new Error('cannot fold')
        return state
      },
    }
    expect(await failureOf(commandHandler(bank.store, cannotFold)('42', { type: 'Close' }))).toMatchObject({
      message: 'cannot fold',
    })
    expect(await bank.typesOf('account:42')).toEqual(['Opened', 'Deposited'])
  })

  test('refuses ids and options that are none', async () => {
    for (const id of ['', 'a\nb', '\ud800', 'x'.repeat(256), 7 as never]) {
      expect(await failureOf(bank.handler()('42', { type: 'Clear' }, { id }))).toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'id',
      })
    }
    expect(
      await failureOf(bank.handler()('42', { type: 'Clear' }, { metadata: null as never })),
    ).toMatchObject({
      field: 'metadata',
    })
    expect(await failureOf(bank.handler()('', { type: 'Clear' }))).toMatchObject({ field: 'id' })
    for (const field of ['attempts', 'initialDelayMs', 'maxDelayMs'] as const) {
      expect(() => bank.handler({ [field]: -1 })).toThrow(field)
    }
  })

  test('refuses streams that were deleted or truncated', async () => {
    await bank.store.truncate('account:42', { before: 2 })
    expect(await failureOf(bank.handler()('42', { type: 'Clear' }))).toMatchObject({
      code: 'POSITION_EXPIRED',
    })
    await bank.store.delete('account:42')
    expect(await failureOf(bank.handler()('42', { type: 'Open', owner: 'Ada' }))).toMatchObject({
      code: 'STREAM_DELETED',
    })
  })
})

describe('an expected version', () => {
  test('is checked against what was loaded and not retried', async () => {
    const stale = await failureOf(bank.handler()('42', { type: 'Clear' }, { expectedVersion: 1 }))
    expect(stale).toMatchObject({ code: 'VERSION_CONFLICT', expectedVersion: 1, actualVersion: 2 })
    expect(
      await failureOf(bank.handler()('42', { type: 'Clear' }, { expectedVersion: 'none' })),
    ).toBeInstanceOf(VersionConflictError)
    expect(
      await failureOf(bank.handler()('43', { type: 'Clear' }, { expectedVersion: 'exists' })),
    ).toBeInstanceOf(VersionConflictError)
    expect(bank.notices).toEqual([])
    expect((await bank.handler()('42', { type: 'Clear' }, { expectedVersion: 2 })).version).toBe(3)
    expect(
      (await bank.handler()('43', { type: 'Open', owner: 'Ada' }, { expectedVersion: 'none' })).version,
    ).toBe(1)
  })

  test('is that of the sender, also when another writer comes in between', async () => {
    const busy = bank.contended([account.event('Deposited', { cents: 1 })])
    const error = await failureOf(bank.handler({}, busy)('42', { type: 'Clear' }, { expectedVersion: 2 }))
    expect(error).toMatchObject({ code: 'VERSION_CONFLICT', expectedVersion: 2, actualVersion: 3 })
  })

  test('does not stand against the repeat of a command', async () => {
    const command = { type: 'Withdraw', cents: 200 } as const
    const first = await bank.handler()('42', command, { id: 'w-1', expectedVersion: 2 })
    expect(await bank.handler()('42', command, { id: 'w-1', expectedVersion: 2 })).toEqual({
      ...first,
      repeated: true,
    })
  })
})

test('a failure that is certain is not repeated', async () => {
  bank.faults.failBefore('append')
  expect(await failureOf(bank.handler()('42', { type: 'Clear' }))).toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    outcome: 'not-applied',
  })
  bank.faults.failBefore('read')
  expect(await failureOf(bank.handler()('42', { type: 'Clear' }))).toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
  })
  expect(bank.notices).toEqual([])
  expect(await bank.typesOf('account:42')).toEqual(['Opened', 'Deposited'])
})
