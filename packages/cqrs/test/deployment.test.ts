import { type Backend, defineEvents, EventStoreError, versions } from '@eventspine/core'
import { memory } from '@eventspine/memory'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { commandHandler, decider, projection, runProjection } from '../src/index.ts'
import { failureOf } from './failure-of.ts'

/*
 * Two releases of a service at work on one store, as during a deployment: the new one has a new version of an event, and a
 * type that the old one has never heard of.
 */
const amounts = z.object({ amount: z.number() })
const old = defineEvents('account', { Deposited: versions(amounts) })
const next = defineEvents('account', {
  Deposited: versions(amounts).next(z.object({ cents: z.number() }), ({ amount }) => ({
    cents: amount * 100,
  })),
  Merged: z.object({ cents: z.number() }),
})

const oldDecider = decider({
  events: old,
  initialState: () => 0,
  evolve: (sum, { data }) => sum + data.amount * 100,
  decide: (amount: number) => old.event('Deposited', { amount }),
})
const nextDecider = decider({
  events: next,
  initialState: () => 0,
  evolve: (sum, { data }) => sum + data.cents,
  decide: (cents: number) => next.event('Deposited', { cents }),
})

const definition = { name: 'sums', initialState: () => 0 }
const oldSums = projection({
  ...definition,
  events: old,
  evolve: { Deposited: (sum, { data }) => sum + data.amount * 100 },
})
const nextSums = projection({
  ...definition,
  events: next,
  evolve: { Deposited: (sum, { data }) => sum + data.cents },
})

/** Far beyond what it takes on the busiest machine. */
const WAIT = { timeoutMs: 60_000 }
const ONCE = { retry: { attempts: 1 }, onNotice: () => undefined }

let backend: Backend

beforeEach(() => {
  backend = memory()
})

afterEach(() => backend.close())

describe('two releases side by side', () => {
  test('the new one reads what the old one writes', async () => {
    await commandHandler(backend.store, oldDecider)('1', 5)
    const { state } = await commandHandler(backend.store, nextDecider)('1', 7)
    expect(state).toBe(507)
  })

  test('the old one decides nothing on a state that it cannot tell, and writes nothing', async () => {
    await commandHandler(backend.store, nextDecider)('1', 7)
    const error = await failureOf(commandHandler(backend.store, oldDecider)('1', 5))
    expect(EventStoreError.is(error, 'SCHEMA_MISMATCH')).toBe(true)
    expect((await backend.store.head('account:1')).version).toBe(1)
    // Streams that the new one has not touched are nobody's concern.
    expect((await commandHandler(backend.store, oldDecider)('2', 5)).version).toBe(1)
  })

  test('what an old projection parked, the new one applies, each event once', async () => {
    const handleOld = commandHandler(backend.store, oldDecider)
    const handle = commandHandler(backend.store, nextDecider)
    await handleOld('1', 1)
    await handle('1', 200)
    await handleOld('2', 4)
    const { token } = await handle('1', 8)
    const group = 'sums@1'
    {
      await using running = await runProjection(backend, oldSums, ONCE)
      await running.caughtUpTo(token, WAIT)
      expect([await running.get('account:1'), await running.get('account:2')]).toEqual([100, 400])
      expect((await backend.stream.group(group).parked()).map(({ streamId }) => streamId)).toEqual([
        'account:1',
      ])
    }
    await backend.stream.group(group).replay('account:1')
    await using running = await runProjection(backend, nextSums, ONCE)
    await running.caughtUpTo(token, WAIT)
    await expect.poll(() => running.get('account:1'), { timeout: 60_000 }).toBe(308)
    expect(await running.get('account:2')).toBe(400)
  }, 120_000)

  test('an old projection that skips what it does not know loses that, and nothing else', async () => {
    const tolerant = projection({
      ...definition,
      events: old.withUnknown('skip'),
      evolve: { Deposited: (sum, { data }) => sum + data.amount * 100 },
    })
    await commandHandler(backend.store, oldDecider)('1', 1)
    await next
      .store(backend.store)
      .append('1', [next.event('Deposited', { cents: 7 }), next.event('Merged', { cents: 9 })])
    const { token } = await old.store(backend.store).append('1', [old.event('Deposited', { amount: 2 })])
    await using running = await runProjection(backend, tolerant, ONCE)
    await running.caughtUpTo(token, WAIT)
    expect(await running.get('account:1')).toBe(300)
  }, 120_000)
})
