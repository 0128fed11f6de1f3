import { beforeEach, describe, expect, test, vi } from 'vitest'
import {
  commandHandler,
  project,
  projection,
  query,
  queryHandlers,
  rebuildProjection,
  runProjection,
} from '../src/index.ts'
import { account, accountDecider } from './account.ts'
import { Accounts, balances, listed, PATIENCE, QUICK } from './balances.ts'
import { failureOf } from './failure-of.ts'
import { memory } from '@eventspine/memory'

// A busy machine is given time.
vi.setConfig({ testTimeout: 120_000 })

let accounts: Accounts

beforeEach(() => {
  accounts = new Accounts()
  return () => accounts.backend.close()
})

const questions = {
  balanceOf: query(
    balances,
    async (model, { id }: { readonly id: string }) => (await model.get(account.stream(id)))?.cents,
  ),
  richest: query(balances, async (model) => {
    const all = Object.entries(await listed(model))
    return all.toSorted(([, a], [, b]) => b.cents - a.cents)[0]?.[0]
  }),
}
const patient = { timeoutMs: PATIENCE.timeout }

describe('a query', () => {
  test('answers with what its caller has written, wherever the projection runs', async () => {
    await using running = await runProjection(memory({ database: accounts.database }), balances, QUICK)
    const ask = queryHandlers(accounts.backend, questions)
    const handle = commandHandler(accounts.backend.store, accountDecider)
    for (let cents = 1; cents <= 5; cents++) {
      const { token, state } = await handle('ada', { type: 'Deposit', cents })
      expect(await ask.balanceOf({ id: 'ada' }, { after: token, ...patient })).toBe(state.cents)
    }
    const { token } = await handle('grace', { type: 'Deposit', cents: 100 })
    expect(await ask.richest({}, { after: token, ...patient })).toBe('account:grace')
    expect(running.appliedEvents).toBe(6)
  })

  test('waits across a swap, for the documents that it then reads', async () => {
    await accounts.fill(4, 10)
    await using running = await runProjection(accounts.backend, balances, QUICK)
    const ask = queryHandlers(accounts.backend, questions)
    const rebuilding = (async () => {
      for (let times = 0; times < 3; times++) await rebuildProjection(accounts.backend, balances, QUICK)
    })()
    for (let cents = 11; cents <= 30; cents++) {
      const token = await accounts.deposit('a0')
      expect(await ask.balanceOf({ id: 'a0' }, { after: token, ...patient })).toBe(cents)
    }
    await rebuilding
    await expect.poll(() => running.group, PATIENCE).toBe('balances@1.4')
  })

  test('does not wait for ever, nor for a caller who has gone', async () => {
    const ask = queryHandlers(accounts.backend, questions)
    const token = await accounts.deposit('ada')
    expect(await failureOf(ask.balanceOf({ id: 'ada' }, { after: token, timeoutMs: 1 }))).toMatchObject({
      code: 'TIMEOUT',
      retryable: true,
    })
    const signal = AbortSignal.abort()
    expect(await failureOf(ask.balanceOf({ id: 'ada' }, { after: token, signal }))).toMatchObject({
      code: 'ABORTED',
    })
    const other = new Accounts()
    const foreign = await other.deposit('ada')
    expect(await failureOf(ask.balanceOf({ id: 'ada' }, { after: foreign }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'after',
    })
    await other.backend.close()
  })
})

describe('a live projection', () => {
  const total = projection({
    name: 'total',
    events: account,
    key: () => 'all',
    initialState: (): readonly string[] => [],
    evolve: {
      Deposited: (seen, { streamId, streamPosition }) => [...seen, `${streamId}/${streamPosition}`],
      Closed: () => undefined,
    },
  })

  test('folds the given streams, of one partition in the order of the feed', async () => {
    const { store } = accounts.backend
    const all = ['a', 'b', 'c', 'd', 'e']
    for (let round = 0; round < 3; round++) for (const id of all) await accounts.deposit(id)
    const streams = ['a', 'b', 'd'].map((id) => account.stream(id))
    const live = (await project(store, total, { streams })).get('all') ?? []
    const feed: string[] = []
    for (let partition = 0; partition < store.partitions; partition++)
      for await (const event of store.feed({ partition }))
        if (streams.some((id) => id === event.streamId))
          feed.push(`${event.streamId}/${event.streamPosition}`)
    expect(live).toEqual(feed)
    expect(live).toHaveLength(9)
  })

  test('shows what was, at a version or a time, and nothing that is stored', async () => {
    const { store } = accounts.backend
    await accounts.deposit('ada', 3)
    const streams = [account.stream('ada')]
    expect((await project(store, balances, { streams, at: 2 })).get('account:ada')?.cents).toBe(2)
    expect((await project(store, balances, { streams, at: new Date(0) })).size).toBe(0)
    expect(
      (await project(store, balances, { streams, at: new Date('2999-01-01') })).get('account:ada')?.cents,
    ).toBe(3)
    expect((await project(store, balances, { at: new Date(0) })).size).toBe(0)
    expect(await failureOf(project(store, balances, { at: 2 }))).toMatchObject({ field: 'at' })
    expect(await failureOf(project(store, balances, { streams, at: new Date('never') }))).toMatchObject({
      field: 'at',
    })
    expect(accounts.database.documents.size).toBe(0)
  })

  test('as of a time ends before the first event that was later, whatever a clock did then', async () => {
    let nowMs = 0
    await using backend = memory({ clock: () => nowMs })
    const times = [10, 20, 30, 15, 40]
    for (const time of times) {
      nowMs = time
      await account.store(backend.store).append('ada', [account.event('Deposited', { cents: 1 })])
    }
    const at = async (time: number) =>
      (await project(backend.store, balances, { streams: ['account:ada'], at: new Date(time) })).get(
        'account:ada',
      )?.cents
    expect([
      await at(9),
      await at(10),
      await at(20),
      await at(29),
      await at(30),
      await at(39),
      await at(40),
    ]).toEqual([undefined, 1, 2, 2, 4, 4, 5])
  })

  test('deletes documents, and refuses to guess what was truncated', async () => {
    const handle = commandHandler(accounts.backend.store, accountDecider)
    await handle('ada', { type: 'Open', owner: 'Ada' })
    await handle('ada', { type: 'Close' })
    const streams = [account.stream('ada')]
    expect((await project(accounts.backend.store, balances, { streams })).size).toBe(0)
    await accounts.backend.store.truncate('account:ada', { before: 2 })
    expect(await failureOf(project(accounts.backend.store, balances, { streams }))).toMatchObject({
      code: 'POSITION_EXPIRED',
    })
  })
})
