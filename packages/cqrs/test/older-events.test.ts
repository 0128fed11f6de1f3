import { defineEvents, readAs, versions } from '@eventspine/core'
import { memory } from '@eventspine/memory'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { commandHandler, decider, fold, projection, runProjection } from '../src/index.ts'

const account = defineEvents(
  'account',
  {
    Opened: z.object({ owner: z.string() }),
    Deposited: versions(z.object({ amount: z.number() })).next(
      z.object({ cents: z.number() }),
      ({ amount }) => ({
        cents: amount * 100,
      }),
    ),
  },
  {
    legacy: {
      OpenedWith: readAs(z.object({ owner: z.string(), amount: z.number() }), ({ owner, amount }) => [
        { type: 'Opened', data: { owner } },
        { type: 'Deposited', schemaVersion: 1, data: { amount } },
      ]),
      Printed: readAs(z.object({}), () => []),
    },
  },
)

const balance = decider({
  events: account,
  initialState: () => ({ owner: '', cents: 0 }),
  evolve: (state, event) =>
    event.type === 'Opened'
      ? { ...state, owner: event.data.owner }
      : { ...state, cents: state.cents + event.data.cents },
  decide: (cents: number) => account.event('Deposited', { cents }),
})

const ledger = projection({
  name: 'ledger',
  events: account,
  initialState: (): readonly string[] => [],
  evolve: {
    Opened: (lines, { data }) => [...lines, data.owner],
    Deposited: (lines, { data }) => [...lines, `${data.cents}`],
  },
})

/** A stream as an older service left it: what is split, what is read as nothing, what is brought up. */
const older = [
  { type: 'OpenedWith', data: { owner: 'Ada', amount: 5 } },
  { type: 'Printed', data: {} },
  { type: 'Deposited', data: { amount: 2 } },
]

describe('a stream of an older service', () => {
  test("is folded in today's events, at the versions that it has", async () => {
    await using backend = memory()
    await backend.store.append('account:1', older)
    const { state, version } = await fold(backend.store, balance, '1')
    expect([state, version]).toEqual([{ owner: 'Ada', cents: 700 }, 3])
    expect((await fold(backend.store, balance, '1', { at: 2 })).state.cents).toBe(500)
  })

  test('takes commands', async () => {
    await using backend = memory()
    await backend.store.append('account:1', older)
    const { state, version } = await commandHandler(backend.store, balance)('1', 100)
    expect([state.cents, version]).toEqual([800, 4])
  })

  test('knows the commands that it was handled by, whatever their events are read as', async () => {
    await using backend = memory()
    const old = defineEvents('account', { Printed: z.object({}) })
    const print = decider({
      events: old,
      initialState: () => 0,
      evolve: (state) => state,
      decide: (_command: 'print') => old.event('Printed', {}),
    })
    await commandHandler(backend.store, print)('1', 'print', { id: 'command-1' })
    const again = await commandHandler(backend.store, balance)('1', 100, { id: 'command-1' })
    expect([again.repeated, again.version, again.events]).toEqual([true, 1, []])
  })

  test('has each effect on documents once, also those of one event on one document', async () => {
    await using backend = memory()
    const { token } = await backend.store.append('account:1', older)
    await using first = await runProjection(backend, ledger)
    await first.caughtUpTo(token, { timeoutMs: 60_000 })
    expect(await first.get('account:1')).toEqual(['Ada', '500', '200'])
    await first.stop()
    // A group of its own is given everything again.
    await using second = await runProjection(backend, ledger, { group: 'again' })
    await second.caughtUpTo(token, { timeoutMs: 60_000 })
    expect(await second.get('account:1')).toEqual(['Ada', '500', '200'])
    expect([second.appliedEvents, second.repeatedEvents]).toEqual([0, 3])
  })
})
