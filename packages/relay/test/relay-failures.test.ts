import { memory, MemoryDatabase, MemoryLogDatabase, memoryStream } from '@eventspine/memory'
import { describe, expect, it, onTestFinished } from 'vitest'
import { relay, relayOnce, type RelayNotice } from '../src/index.ts'
import { data, eventually, events, failure, pair, start } from './set-up.ts'
import { readLogEvents } from '@eventspine/conformance'

describe('a source that is not what it was', { timeout: 30_000 }, () => {
  it('ends the relay when the source was restored from a backup, also when it has grown since', async () => {
    const database = new MemoryDatabase()
    const source = memory({ database })
    const { target } = pair()
    await source.store.append('counter:1', events(3))
    await relayOnce(source, target, { name: 'r', budgetMs: 5000 })
    const [last] = database.partition(0).rows.splice(2)
    database.streams.get('counter:1')?.rows.splice(2)
    database.partition(0).committed = 2
    const stream = database.streams.get('counter:1')
    if (stream !== undefined) stream.committed = 2
    await expect(relayOnce(source, target, { name: 'r', budgetMs: 5000 })).rejects.toMatchObject({
      code: 'FEED_DIVERGED',
    })
    await source.store.append('counter:1', events(2, 30))
    await expect(relayOnce(source, target, { name: 'r', budgetMs: 5000 })).rejects.toMatchObject({
      code: 'FEED_DIVERGED',
    })
    expect(await data(target)).toEqual([1, 2, 3])
    expect(last?.removed).toBe(false)
  })

  it('is refused with another partition count', async () => {
    const { source, target } = pair({ partitions: 2 })
    await source.store.append('counter:1', events(3))
    await relayOnce(source, target, { name: 'r', budgetMs: 5000 })
    const { incarnation } = source.store
    const resized = Object.create(source.store, {
      partitions: { value: 4 },
      incarnation: { value: incarnation },
    }) as typeof source.store
    await expect(relayOnce(resized, target, { name: 'r', budgetMs: 5000 })).rejects.toMatchObject({
      code: 'STORE_INCOMPATIBLE',
    })
  })
})

describe('failures', { timeout: 30_000 }, () => {
  it('of the target, before and after the write: each event is there once', async () => {
    const { source, target, targetFaults } = pair()
    const { running, notices } = start(source, target, { batchEvents: 2 })
    for (const step of ['openRelay', 'relayWrite', 'relayClose'] as const) {
      for (const plan of ['failBefore', 'failAfter'] as const) {
        targetFaults[plan](step, { times: 3 })
        targetFaults.failAfter('relayWrite')
        const { token } = await source.store.append('counter:1', events(5))
        await running.caughtUpTo(token)
        targetFaults.clear()
      }
    }
    expect(notices.filter(({ kind }) => kind === 'backend-error').length).toBeGreaterThan(5)
    const ids = (await readLogEvents(target)).map(({ id }) => id)
    expect(ids).toEqual((await source.store.feed().toArray()).map(({ id }) => id))
  })

  it('of the source: it is asked again, and the session goes on', async () => {
    const { source, target, faults } = pair()
    await source.store.append('counter:1', events(5))
    faults.failBefore('readFeed', { times: 3 })
    const { running, notices } = start(source, target)
    await running.caughtUpTo(await source.store.feedHead())
    faults.failBefore('waitForFeed', { times: 3 })
    const { token } = await source.store.append('counter:1', events(5))
    await running.caughtUpTo(token)
    expect(notices.filter(({ kind }) => kind === 'owned')).toHaveLength(1)
    expect(await readLogEvents(target)).toHaveLength(10)
  })

  it('of the documents: the relay goes on, as nobody else can take over either', async () => {
    const { source, target, faults } = pair()
    const { running, noticed } = start(source, target, { leaseMs: 100 })
    await noticed('owned')
    faults.failBefore('write', { times: Infinity })
    faults.failBefore('get', { times: Infinity })
    await noticed('backend-error')
    const { token } = await source.store.append('counter:1', events(5))
    await running.caughtUpTo(token)
    faults.clear()
    expect(await readLogEvents(target)).toHaveLength(5)
  })
})

describe('two relays of one name', { timeout: 30_000 }, () => {
  it('take turns only when one ends: the other stands by and then takes over at once', async () => {
    const database = new MemoryDatabase({ partitions: 2 })
    const log = new MemoryLogDatabase()
    const source = memory({ database })
    const target = memoryStream({ database: log })
    const first = start(source, target)
    await eventually(() => first.notices.length === 2)
    const second = start(memory({ database }), memoryStream({ database: log }))
    await eventually(() => second.notices.length === 2)
    expect(second.notices.map(({ kind }) => kind)).toEqual(['standby', 'standby'])
    const { token } = await source.store.append('counter:1', events(3))
    await first.running.caughtUpTo(token)
    await expect(second.running.lag()).resolves.toMatchObject([{ owned: true }, { owned: true }])
    expect(await relayOnce(source, target, { name: 'r', budgetMs: 50, leaseMs: 100 })).toMatchObject({
      relayed: 0,
    })
    await first.running.stop()
    const { token: later } = await source.store.append('counter:1', events(3, 4))
    await second.running.caughtUpTo(later)
    expect(await data(target)).toEqual([1, 2, 3, 4, 5, 6])
    expect(first.notices.some(({ kind }) => kind === 'fenced')).toBe(false)
  })

  it('tell how far they are, also the one that stands by', async () => {
    const { source, target } = pair()
    const first = start(source, target, { leaseMs: 150 })
    await first.noticed('owned')
    const second = start(source, target, { leaseMs: 150 })
    await second.noticed('standby')
    const { token } = await source.store.append('counter:1', events(3))
    await second.running.caughtUpTo(token)
    expect(await second.running.lag()).toEqual([{ partition: 0, events: 0, position: token, owned: true }])
  })

  it('that do not share their lease shut each other out a few times, and then one ends', async () => {
    const { source, target } = pair()
    const { store, capabilities } = source
    const elsewhere = { store, capabilities, documents: memory().documents }
    const first = start(source, target, { leaseMs: 100 })
    await first.noticed('owned')
    const second = start(elsewhere, target, { leaseMs: 100 })
    await second.noticed('owned')
    const ended = () => [first, second].filter(({ notices }) => notices.some(({ kind }) => kind === 'ended'))
    let appended = 0
    await eventually(async () => {
      appended++
      await source.store.append('counter:1', events(1, appended))
      return ended().length > 0
    })
    expect(ended()).toHaveLength(1)
    const [loser] = ended()
    const winner = loser === first ? second : first
    expect(loser?.notices.filter(({ kind }) => kind === 'fenced')).toHaveLength(3)
    await winner.running.caughtUpTo(await source.store.feedHead())
    expect(await data(target)).toEqual(Array.from({ length: appended }, (_, index) => index + 1))
  })

  it('without documents to settle it: the latest wins, and the one before ends with LEASE_LOST', async () => {
    const { source, target } = pair()
    const first = start(source, target)
    const one = relay(source.store, target, { name: 'bare', onNotice: (notice) => notices.push(notice) })
    const notices: RelayNotice[] = []
    await eventually(() => notices.some(({ kind }) => kind === 'owned'))
    const other = relay(source.store, target, { name: 'bare' })
    onTestFinished(() => other.stop())
    const { token } = await source.store.append('counter:1', events(3))
    await other.caughtUpTo(token)
    await source.store.append('counter:1', events(3, 4))
    expect(await failure(one)).toBe('LEASE_LOST')
    await first.running.stop()
  })
})
