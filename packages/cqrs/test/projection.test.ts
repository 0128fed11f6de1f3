import type { Backend, ConsumerNotice } from '@eventspine/core'
import { EventStoreError } from '@eventspine/core'
import { Faults, memory, MemoryDatabase } from '@eventspine/memory'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  commandHandler,
  projection,
  type ReadModel,
  readModel,
  runProjection,
  type RunProjectionOptions,
} from '../src/index.ts'
import { account, accountDecider } from './account.ts'
import { failureOf } from './failure-of.ts'

interface Balance {
  readonly owner: string
  readonly cents: number
  readonly bookings: number
}

const balances = projection({
  name: 'balances',
  events: account,
  initialState: (): Balance => ({ owner: '', cents: 0, bookings: 0 }),
  evolve: {
    Opened: (balance, { data }) => ({ ...balance, owner: data.owner }),
    Deposited: (balance, { data }) => ({
      ...balance,
      cents: balance.cents + data.cents,
      bookings: balance.bookings + 1,
    }),
    Withdrawn: (balance, { data }) => ({
      ...balance,
      cents: balance.cents - data.cents,
      bookings: balance.bookings + 1,
    }),
    Closed: () => undefined,
  },
})

/** One document fed by all streams. */
const totals = projection({
  name: 'totals',
  events: account,
  key: ({ type }) => (type === 'Opened' ? undefined : 'all'),
  initialState: () => ({ cents: 0, bookings: 0 }),
  evolve: {
    Opened: (total) => total,
    Deposited: (total, { data }) => ({ cents: total.cents + data.cents, bookings: total.bookings + 1 }),
  },
})

// Consumers that end at once make room for the next: they would else be waited for as dead ones are.
const QUICK: RunProjectionOptions<undefined> = {
  leaseMs: 1000,
  pollMs: { min: 1, max: 20 },
  retry: { initialDelayMs: 1, maxDelayMs: 5 },
}

let database: MemoryDatabase
let backend: Backend<undefined>

beforeEach(() => {
  database = new MemoryDatabase({ partitions: 4 })
  backend = memory({ database })
})

afterEach(async () => {
  await backend.close()
})

async function deposit(id: string, cents: number, times = 1): Promise<string> {
  const events = Array.from({ length: times }, () => account.event('Deposited', { cents }))
  const { token } = await account.store(backend.store).append(id, events)
  return token
}

async function listed<State>(model: ReadModel<State>, prefix?: string): Promise<Record<string, State>> {
  const found: Record<string, State> = {}
  for await (const { key, state } of model.list({ prefix })) found[key] = state
  return found
}

describe('a projection', () => {
  test('derives one document for each key, and waits for a token', async () => {
    await using running = await runProjection(backend, balances, QUICK)
    const handle = commandHandler(backend.store, accountDecider)
    await handle('ada', { type: 'Open', owner: 'Ada' })
    await handle('grace', { type: 'Open', owner: 'Grace' })
    const tokens = [
      (await handle('ada', { type: 'Deposit', cents: 500 })).token,
      (await handle('grace', { type: 'Deposit', cents: 70 })).token,
    ]
    for (const token of tokens) await running.caughtUpTo(token)
    expect(await running.get('account:ada')).toEqual({ owner: 'Ada', cents: 500, bookings: 1 })
    expect(await running.get('account:nobody')).toBeUndefined()
    expect(await listed(running)).toEqual({
      'account:ada': { owner: 'Ada', cents: 500, bookings: 1 },
      'account:grace': { owner: 'Grace', cents: 70, bookings: 1 },
    })
    expect(Object.keys(await listed(running, 'account:g'))).toEqual(['account:grace'])
    expect(running.appliedEvents).toBe(4)
    expect(running.repeatedEvents).toBe(0)
    expect(running.group).toBe('balances@1')
  })

  test('is read wherever it runs', async () => {
    await using running = await runProjection(backend, balances, QUICK)
    await running.caughtUpTo(await deposit('ada', 5))
    const elsewhere = memory({ database })
    expect(await readModel(elsewhere.documents, balances).get('account:ada')).toMatchObject({ cents: 5 })
    await elsewhere.close()
  })

  test('carries on where it stopped', async () => {
    const first = await runProjection(backend, balances, QUICK)
    await first.caughtUpTo(await deposit('ada', 5, 10))
    await first.stop()
    await first.completed
    const token = await deposit('ada', 1, 3)
    await using second = await runProjection(backend, balances, QUICK)
    await second.caughtUpTo(token)
    expect(await second.get('account:ada')).toMatchObject({ cents: 53, bookings: 13 })
    expect({ applied: second.appliedEvents, repeated: second.repeatedEvents }).toEqual({
      applied: 3,
      repeated: 0,
    })
  })

  test('of another version derives its documents anew', async () => {
    await using old = await runProjection(backend, balances, QUICK)
    const token = await deposit('ada', 5, 2)
    await old.caughtUpTo(token)
    const doubled = projection({
      ...balances,
      version: 2,
      evolve: {
        Deposited: (balance: Balance, { data }) => ({ ...balance, cents: balance.cents + 2 * data.cents }),
      },
    })
    await using anew = await runProjection(backend, doubled, { ...QUICK, keepOld: true })
    await anew.caughtUpTo(token)
    expect(await anew.get('account:ada')).toMatchObject({ cents: 20 })
    expect(await old.get('account:ada')).toMatchObject({ cents: 10 })
  })

  test('deletes documents, and does not bring them back when events come again', async () => {
    const handle = commandHandler(backend.store, accountDecider)
    await handle('ada', { type: 'Open', owner: 'Ada' })
    await handle('ada', { type: 'Deposit', cents: 5 })
    const { token } = await handle('ada', { type: 'Close' })
    await using running = await runProjection(backend, balances, QUICK)
    await running.caughtUpTo(token)
    await using again = await runProjection(backend, balances, { ...QUICK, group: 'again' })
    await again.caughtUpTo(token)
    expect(again.repeatedEvents).toBe(4)
    expect(await running.get('account:ada')).toBeUndefined()
    expect(Object.keys(await listed(running))).toEqual([])
  })

  test('takes events alone that its contract names, from its category alone', async () => {
    await using running = await runProjection(backend, balances, QUICK)
    await backend.store.append('invoice:1', [{ type: 'Deposited', data: { cents: 5 } }])
    await backend.store.append('account:1', [{ type: 'Audited', data: {} }])
    await running.caughtUpTo(await deposit('1', 5))
    expect(await listed(running)).toEqual({ 'account:1': { owner: '', cents: 5, bookings: 1 } })
  })

  test('refuses names, versions and event types that are none', () => {
    const thrown = (definition: object): unknown => {
      try {
        projection({ ...balances, ...definition })
      } catch (error) {
        return EventStoreError.is(error) ? error.field : error
      }
      return undefined
    }
    expect(thrown({ name: '' })).toBe('name')
    expect(thrown({ name: 'a b' })).toBe('name')
    expect(thrown({ name: 'x'.repeat(65) })).toBe('name')
    expect(thrown({ version: 0 })).toBe('version')
    expect(thrown({ version: 1.5 })).toBe('version')
    expect(thrown({ evolve: { Stolen: () => undefined } })).toBe('evolve.Stolen')
  })
})

describe('an effect on a document happens once', () => {
  test('when replies of document writes are lost', async () => {
    const token = await deposit('ada', 5, 20)
    // A second client of the same documents, so that the faults hit the projection's writes alone.
    const lossy = new Faults()
    lossy.failAfter('write', { skip: 4, times: 10 })
    const { documents } = memory({ database, faults: lossy })
    const retry = { attempts: 50, initialDelayMs: 0, maxDelayMs: 1 }
    await using running = await runProjection({ stream: backend.stream, documents }, balances, {
      ...QUICK,
      retry,
    })
    await running.caughtUpTo(token)
    expect(await running.get('account:ada')).toMatchObject({ cents: 100, bookings: 20 })
    expect({ applied: running.appliedEvents, repeated: running.repeatedEvents }).toEqual({
      applied: 10,
      repeated: 10,
    })
  })

  test('when several consumers apply the same events side by side, and one more long after', async () => {
    const tokens = await Promise.all(Array.from({ length: 12 }, (_, index) => deposit(`a${index}`, 1, 10)))
    const notices: ConsumerNotice[] = []
    const runs = await Promise.all(
      ['x', 'y', 'z'].map((group) =>
        runProjection(memory({ database }), totals, {
          ...QUICK,
          group,
          onNotice: (notice) => notices.push(notice),
        }),
      ),
    )
    for (const run of runs) for (const token of tokens) await run.caughtUpTo(token)
    const applied = runs.reduce((sum, run) => sum + run.appliedEvents, 0)
    const repeated = runs.reduce((sum, run) => sum + run.repeatedEvents, 0)
    expect({ applied, repeated }).toEqual({ applied: 120, repeated: 240 })
    // Meeting at a document is no failure of an event.
    expect(notices.filter(({ kind }) => kind === 'retry')).toEqual([])
    for (const run of runs) await run.stop()

    await using late = await runProjection(backend, totals, { ...QUICK, group: 'late' })
    for (const token of tokens) await late.caughtUpTo(token)
    expect({ applied: late.appliedEvents, repeated: late.repeatedEvents }).toEqual({
      applied: 0,
      repeated: 120,
    })
    expect(await late.get('all')).toEqual({ cents: 120, bookings: 120 })
  })

  test('when a stream was parked and is replayed after others have gone on', async () => {
    const notices: ConsumerNotice[] = []
    let isBroken = true
    const fragile = projection({
      ...totals,
      evolve: {
        Deposited: (total, { data, streamId }) => {
          if (isBroken && streamId === 'account:bad') throw new Error('cannot do it now')
          return { cents: total.cents + data.cents, bookings: total.bookings + 1 }
        },
      },
    })
    await using running = await runProjection(backend, fragile, {
      ...QUICK,
      retry: { attempts: 1 },
      onNotice: (notice) => notices.push(notice),
    })
    const parkedToken = await deposit('bad', 1, 3)
    await running.caughtUpTo(parkedToken)
    await running.caughtUpTo(await deposit('good', 1, 5))
    expect(notices.map(({ kind }) => kind)).toContain('park')
    expect(await running.get('all')).toEqual({ cents: 5, bookings: 5 })
    isBroken = false
    const group = backend.stream.group(running.group)
    await expect.poll(() => group.parked()).toMatchObject([{ streamId: 'account:bad' }])
    await group.replay('account:bad')
    await expect.poll(() => running.get('all'), { timeout: 10_000 }).toEqual({ cents: 8, bookings: 8 })
  })
})

test('an event that the projection cannot apply is parked with its error', async () => {
  const wrong = projection({
    ...balances,
    evolve: { Deposited: () => ({ cents: Number.NaN, owner: '', bookings: 0 }) },
  })
  await using running = await runProjection(backend, wrong, {
    ...QUICK,
    retry: { attempts: 2, initialDelayMs: 1 },
    onNotice: () => undefined,
  })
  await running.caughtUpTo(await deposit('ada', 5))
  const group = backend.stream.group(running.group)
  await expect.poll(() => group.parked()).toMatchObject([{ streamId: 'account:ada', attempts: 2 }])
  const [parked] = await group.parked()
  expect(parked?.error).toContain('INVALID_ARGUMENT')
})

test('options that the subscription refuses are refused', async () => {
  expect(await failureOf(runProjection(backend, balances, { concurrency: 0 }))).toMatchObject({
    code: 'INVALID_ARGUMENT',
  })
})
