import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ConsumerNotice } from '@eventspine/core'
import { EventStoreError } from '@eventspine/core'
import { Faults, memory } from '@eventspine/memory'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import {
  dropVersion,
  projection,
  readModel,
  rebuildProjection,
  type RebuildProgress,
  runProjection,
} from '../src/index.ts'
import { Accounts, type Balance, balances, collectionsIn, listed, PATIENCE, QUICK } from './balances.ts'
import { failureOf } from './failure-of.ts'

// A busy machine is given time.
vi.setConfig({ testTimeout: 120_000 })

/** The next version: counts twice what the first one counted once. */
const doubled = projection({
  ...balances,
  version: 2,
  evolve: {
    Opened: (balance, { data }) => ({ ...balance, owner: data.owner }),
    Deposited: (balance: Balance, { data }) => ({ ...balance, cents: balance.cents + 2 * data.cents }),
    Closed: () => undefined,
  },
})

let accounts: Accounts

beforeEach(() => {
  accounts = new Accounts()
  return () => accounts.backend.close()
})

describe('a rebuild', () => {
  test('derives all documents anew beside those that serve, swaps them in and drops the old ones', async () => {
    const { backend, database } = accounts
    await accounts.fill(5, 4)
    await using running = await runProjection(backend, balances, QUICK)
    await running.caughtUpTo(await accounts.deposit('a0'))
    const model = readModel(backend.documents, balances)
    // Somebody has spoiled a document.
    const spoiled = backend.documents.collection('projection:balances@1')
    await spoiled.put('account:a1', { state: { owner: '', cents: -1, bookings: 0 }, streams: {} })
    expect(await model.get('account:a1')).toMatchObject({ cents: -1 })

    expect(await rebuildProjection(backend, balances, QUICK)).toEqual({ version: 1, build: 2 })
    expect(await listed(model)).toEqual(await accounts.truth(balances))
    // What runs goes over to the new documents.
    await expect.poll(() => running.group, PATIENCE).toBe('balances@1.2')
    await running.caughtUpTo(await accounts.deposit('a2', 3))
    expect(await listed(model)).toEqual(await accounts.truth(balances))
    await expect.poll(() => collectionsIn(database), PATIENCE).toEqual(['projection:balances@1.2'])
  })

  test('never shows a reader less than was there, while others write and read', async () => {
    const { backend } = accounts
    await accounts.fill(8, 5)
    await using running = await runProjection(backend, balances, QUICK)
    await running.caughtUpTo(await accounts.deposit('a0'))
    const model = readModel(backend.documents, balances)
    let isOver = false
    const seen: number[] = []
    const reading = (async () => {
      while (!isOver) {
        seen.push((await model.get('account:a3'))?.cents ?? 0)
        await nextTurn()
      }
    })()
    const writing = (async () => {
      while (!isOver) {
        await accounts.deposit('a3')
        await nextTurn()
      }
    })()
    for (let times = 0; times < 3; times++) await rebuildProjection(backend, balances, QUICK)
    isOver = true
    await Promise.all([reading, writing])
    expect(seen.length).toBeGreaterThan(0)
    expect(seen).not.toContain(0)
    await running.caughtUpTo(await accounts.deposit('a3'))
    await expect.poll(() => listed(model), PATIENCE).toEqual(await accounts.truth(balances))
  })

  test('tells how far it is, at which rate, and how long it will take', async () => {
    await accounts.fill(10, 50)
    const told: RebuildProgress[] = []
    await rebuildProjection(accounts.backend, balances, {
      ...QUICK,
      onProgress: (progress) => told.push(progress),
    })
    const last = told.at(-1)
    expect(last).toMatchObject({ passedEvents: 500, remainingEvents: 0, parkedStreams: 0 })
    for (const { passedEvents, remainingEvents, eventsPerSecond, remainingMs } of told) {
      expect(passedEvents + remainingEvents).toBe(500)
      if (eventsPerSecond > 0) expect(remainingMs).toBeCloseTo((remainingEvents * 1000) / eventsPerSecond, 3)
      else expect(remainingMs).toBeUndefined()
    }
  })

  test('holds no more events in memory than it was told, however many there are', async () => {
    await accounts.fill(40, 50)
    let underWay = 0
    let most = 0
    const held = memory({ database: accounts.database })
    const { documents } = held
    const watched = {
      stream: held.stream,
      documents: {
        capabilities: documents.capabilities,
        partitions: documents.partitions,
        batch: documents.batch.bind(documents),
        collection: ((name: string, options: object) => {
          const collection = documents.collection(name, options)
          if (!name.startsWith('projection:')) return collection
          return Object.assign(Object.create(collection) as typeof collection, {
            get: async (key: string) => {
              most = Math.max(most, ++underWay)
              try {
                return await collection.get(key)
              } finally {
                underWay--
              }
            },
            put: collection.put.bind(collection),
          })
        }) as typeof documents.collection,
      },
    }
    await rebuildProjection(watched, balances, { ...QUICK, concurrency: 6, maxInFlightEvents: 20 })
    expect(most).toBeGreaterThan(0)
    // Of each partition.
    expect(most).toBeLessThanOrEqual(6 * 4)
    await held.close()
  })

  test('stops at an event that cannot be applied, while the old documents serve, and goes on when it can', async () => {
    const { backend } = accounts
    await accounts.fill(3, 2)
    await using running = await runProjection(backend, balances, QUICK)
    await running.caughtUpTo(await accounts.deposit('a0'))
    let isBroken = true
    const fragile = projection({
      ...balances,
      evolve: {
        ...balances.evolve,
        Deposited: (balance: Balance, event) => {
          if (isBroken && event.streamId === 'account:a1') throw new Error('cannot do it now')
          return { ...balance, cents: balance.cents + event.data.cents, bookings: balance.bookings + 1 }
        },
      },
    })
    const muted = { ...QUICK, onNotice: () => undefined }
    const failure = await failureOf(rebuildProjection(backend, fragile, muted))
    expect(failure).toMatchObject({ code: 'CONSUMER_STOPPED', cause: { message: 'cannot do it now' } })
    const model = readModel(backend.documents, balances)
    expect(await listed(model)).toEqual(await accounts.truth(balances))
    isBroken = false
    expect(await rebuildProjection(backend, fragile, QUICK)).toEqual({ version: 1, build: 2 })
    expect(await listed(model)).toEqual(await accounts.truth(balances))
  })

  test('that parks a stream swaps nothing in until the stream was replayed', async () => {
    const { backend } = accounts
    await accounts.fill(3, 2)
    let isBroken = true
    const fragile = projection({
      ...doubled,
      evolve: {
        Deposited: (balance: Balance, event) => {
          if (isBroken && event.streamId === 'account:a1') throw new Error('cannot do it now')
          return { ...balance, cents: balance.cents + 2 * event.data.cents }
        },
      },
    })
    await using first = await runProjection(backend, balances, QUICK)
    await first.caughtUpTo(await accounts.deposit('a0'))
    const told: RebuildProgress[] = []
    const notices: ConsumerNotice[] = []
    const rebuilt = rebuildProjection(backend, fragile, {
      ...QUICK,
      onFailure: 'park',
      onProgress: (progress) => told.push(progress),
      onNotice: (notice) => notices.push(notice),
    })
    await expect.poll(() => told.at(-1), PATIENCE).toMatchObject({ parkedStreams: 1, remainingEvents: 0 })
    expect(await listed(readModel(backend.documents, balances))).toEqual(await accounts.truth(balances))
    isBroken = false
    await backend.stream.group('balances@2.2').replay('account:a1')
    expect(await rebuilt).toEqual({ version: 2, build: 2 })
    expect(await listed(readModel(backend.documents, fragile))).toEqual(await accounts.truth(fragile))
  })

  test('can be stopped, and goes on where it was', async () => {
    await accounts.fill(3, 10)
    const stopping = new AbortController()
    const aborted = rebuildProjection(accounts.backend, balances, {
      ...QUICK,
      signal: stopping.signal,
      onProgress: () => stopping.abort(),
    })
    expect(await failureOf(aborted)).toMatchObject({ code: 'ABORTED' })
    await rebuildProjection(accounts.backend, balances, QUICK)
    const model = readModel(accounts.backend.documents, balances)
    expect(await listed(model)).toEqual(await accounts.truth(balances))
  })

  test('is asked for by many at once', async () => {
    await accounts.fill(6, 10)
    await using running = await runProjection(accounts.backend, balances, QUICK)
    await running.caughtUpTo(await accounts.deposit('a0'))
    const others = [1, 2, 3].map(() => memory({ database: accounts.database }))
    const rebuilt = await Promise.all(others.map((other) => rebuildProjection(other, doubled, QUICK)))
    // Who comes late, when all is done, begins another.
    for (const { version } of rebuilt) expect(version).toBe(2)
    const model = readModel(accounts.backend.documents, doubled)
    expect(await listed(model)).toEqual(await accounts.truth(doubled))
    for (const other of others) await other.close()
  })

  test('does not mind lost replies', async () => {
    await accounts.fill(4, 5)
    const faults = new Faults()
    const lossy = memory({ database: accounts.database, faults })
    faults.failAfter('write', { times: 12 })
    faults.failBefore('get', { skip: 5, times: 5 })
    await rebuildProjection(lossy, balances, { ...QUICK, retry: { ...QUICK.retry, attempts: 50 } })
    const model = readModel(accounts.backend.documents, balances)
    expect(await listed(model)).toEqual(await accounts.truth(balances))
    await lossy.close()
  })
})

describe('a version that changed', () => {
  test('is noticed when it starts: it is built beside the one that serves, then serves', async () => {
    const { backend } = accounts
    await accounts.fill(4, 3)
    const old = await runProjection(backend, balances, QUICK)
    await old.caughtUpTo(await accounts.deposit('a0'))
    await old.stop()
    await using running = await runProjection(backend, doubled, QUICK)
    await expect.poll(() => running.rebuilding, PATIENCE).toBe(false)
    expect(await listed(readModel(backend.documents, doubled))).toEqual(await accounts.truth(doubled))
    await expect.poll(() => collectionsIn(accounts.database), PATIENCE).toEqual(['projection:balances@2.2'])
  })

  test('is read through the one that serves, or refused, until it is built', async () => {
    const { backend } = accounts
    await using old = await runProjection(backend, balances, QUICK)
    await old.caughtUpTo(await accounts.deposit('a0', 3))
    const withBonus = {
      ...doubled,
      earlier: { 1: (state: unknown) => ({ ...(state as Balance), owner: 'earlier' }) },
    }
    expect(await readModel(backend.documents, withBonus).get('account:a0')).toMatchObject({
      cents: 3,
      owner: 'earlier',
    })
    expect(await failureOf(readModel(backend.documents, doubled).get('account:a0'))).toMatchObject({
      code: 'BUSY',
      retryable: true,
    })
    await rebuildProjection(backend, doubled, QUICK)
    expect(await readModel(backend.documents, withBonus).get('account:a0')).toMatchObject({ cents: 6 })
  })

  test('leaves the old one to those who still run it, where it is kept, and refuses them when it is dropped', async () => {
    const { backend } = accounts
    await accounts.fill(3, 3)
    await using old = await runProjection(backend, balances, QUICK)
    await using anew = await runProjection(memory({ database: accounts.database }), doubled, {
      ...QUICK,
      keepOld: true,
    })
    await expect.poll(() => anew.rebuilding, PATIENCE).toBe(false)
    const token = await accounts.deposit('a1', 5)
    await old.caughtUpTo(token)
    await anew.caughtUpTo(token)
    expect(await listed(readModel(backend.documents, balances))).toEqual(await accounts.truth(balances))
    expect(await listed(readModel(backend.documents, doubled))).toEqual(await accounts.truth(doubled))

    await dropVersion(backend, doubled, 1, QUICK)
    expect(await failureOf(readModel(backend.documents, balances).get('account:a1'))).toMatchObject({
      code: 'STORE_INCOMPATIBLE',
    })
    expect(await failureOf(old.completed)).toMatchObject({ code: 'STORE_INCOMPATIBLE' })
    expect(await failureOf(runProjection(backend, balances, QUICK))).toMatchObject({
      code: 'STORE_INCOMPATIBLE',
    })
    expect(await listed(readModel(backend.documents, doubled))).toEqual(await accounts.truth(doubled))
  })

  test('can be taken back by building the old one anew', async () => {
    const { backend } = accounts
    await accounts.fill(2, 3)
    await rebuildProjection(backend, balances, QUICK)
    await rebuildProjection(backend, doubled, QUICK)
    expect(await rebuildProjection(backend, balances, QUICK)).toEqual({ version: 1, build: 3 })
    expect(await listed(readModel(backend.documents, balances))).toEqual(await accounts.truth(balances))
  })

  test('must not go unsaid: other events under the same version are refused', async () => {
    const { backend } = accounts
    const first = await runProjection(backend, balances, QUICK)
    await first.stop()
    const other = projection({ ...balances, evolve: { ...balances.evolve, Withdrawn: (balance) => balance } })
    expect(await failureOf(runProjection(backend, other, QUICK))).toMatchObject({
      code: 'STORE_INCOMPATIBLE',
    })
    const versioned = projection({ ...other, version: 2 })
    await using running = await runProjection(backend, versioned, QUICK)
    await expect.poll(() => running.rebuilding, PATIENCE).toBe(false)
  })
})

test('others are told of changes, but not of those that a rebuild makes again', async () => {
  const { backend } = accounts
  await accounts.fill(2, 3)
  const told: string[] = []
  const telling = projection({
    ...balances,
    onChange: ({ key, state }: { readonly key: string; readonly state: Balance | undefined }) => {
      told.push(`${key} ${state?.cents ?? 'gone'}`)
    },
  })
  await using running = await runProjection(backend, telling, QUICK)
  await running.caughtUpTo(await accounts.deposit('a1'))
  expect(told.toSorted()).toEqual(
    ['a0 1', 'a0 2', 'a0 3', 'a1 1', 'a1 2', 'a1 3', 'a1 4'].map((x) => `account:${x}`),
  )
  told.length = 0
  await rebuildProjection(backend, projection({ ...telling, version: 2 }), QUICK)
  expect(told).toEqual([])
})

test('whoever died before telling is followed by one who tells', async () => {
  const { backend } = accounts
  let isBroken = true
  const told: string[] = []
  const telling = projection({
    ...balances,
    onChange: ({ key }: { readonly key: string }) => {
      if (isBroken) throw new EventStoreError('BACKEND_UNAVAILABLE', 'nobody listens')
      told.push(key)
    },
  })
  await using running = await runProjection(backend, telling, {
    ...QUICK,
    retry: { attempts: 1 },
    onNotice: () => undefined,
  })
  await accounts.deposit('a0')
  const group = backend.stream.group('balances@1')
  await expect.poll(() => group.parked(), PATIENCE).toHaveLength(1)
  expect(await running.get('account:a0')).toMatchObject({ cents: 1 })
  isBroken = false
  await group.replay('account:a0')
  await expect.poll(() => told, PATIENCE).toEqual(['account:a0'])
  expect(await running.get('account:a0')).toMatchObject({ cents: 1 })
})
