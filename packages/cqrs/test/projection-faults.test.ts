import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  commandHandler,
  fold,
  inlineProjections,
  projection,
  readModel,
  runProjection,
  snapshots,
} from '../src/index.ts'
import { type Account, account, accountDecider } from './account.ts'
import { Accounts, type Balance, balances, listed, PATIENCE, QUICK } from './balances.ts'
import { MortalBackend } from './mortal-backend.ts'

vi.setConfig({ testTimeout: 120_000 })

let accounts: Accounts

beforeEach(() => {
  accounts = new Accounts(2)
})

afterEach(() => accounts.backend.close())

describe.each(['before', 'after'] as const)('a process killed %s a call has its effect', (effect) => {
  test('has done a command once with all that follows from it, or not at all', async () => {
    const handlerOf = (backend: Accounts['backend']) =>
      commandHandler(backend.store, accountDecider, {
        inline: inlineProjections(backend, [balances]),
        snapshots: snapshots<Account>(backend.documents, {
          name: 'account',
          everyEvents: 3,
          onNotice: () => undefined,
        }),
        initialDelayMs: 0,
        maxDelayMs: 1,
      })
    let diesAt = 1
    for (let isOver = false; !isOver; diesAt++) {
      const id = `a${diesAt}`
      // Appended without the projection: it has something to make up for, and the snapshot is due.
      await accounts.deposit(id, 4)
      const mortal = new MortalBackend(accounts.database, { diesAt, effect })
      const command = { type: 'Deposit', cents: 10 } as const
      const options = { id: 'deposit-1' }
      isOver = await handlerOf(mortal.backend)(id, command, options).then(
        () => true,
        () => false,
      )
      const before = (await accounts.backend.store.head(account.stream(id))).version
      expect([4, 5]).toContain(before)
      expect((await readModel(accounts.backend.documents, balances).get(account.stream(id)))?.cents).toBe(
        before === 5 ? 14 : undefined,
      )
      const { version, state } = await handlerOf(accounts.backend)(id, command, options)
      expect([version, state.cents], `died at ${diesAt}`).toEqual([5, 14])
      const folded = await fold(accounts.backend.store, accountDecider, id, {
        snapshots: snapshots<Account>(accounts.backend.documents, { name: 'account' }),
      })
      expect(folded).toEqual(await fold(accounts.backend.store, accountDecider, id))
      expect(await listed(readModel(accounts.backend.documents, balances))).toEqual(
        await accounts.truth(balances),
      )
    }
    expect(diesAt).toBeGreaterThan(5)
  })
})

describe('what an evolve returns that cannot be kept', () => {
  const muted = { ...QUICK, retry: { attempts: 1 }, onNotice: () => undefined }

  test.each([
    // What those write who leave types aside.
    ['a promise', () => Promise.resolve({ owner: '', cents: 1, bookings: 1 }) as unknown as Balance],
    ['a function', () => (() => 1) as unknown as Balance],
    ['a date within', () => ({ owner: new Date() as unknown as string, cents: 1, bookings: 1 })],
    ['more than a document may hold', () => ({ owner: 'x'.repeat(5000), cents: 1, bookings: 1 })],
  ])('is refused, its stream waits and others go on: %s', async (_what, result) => {
    const wrong = projection({
      ...balances,
      evolve: {
        Deposited: (balance: Balance, { streamId, data }) =>
          streamId === 'account:bad' ? result() : { ...balance, cents: balance.cents + data.cents },
      },
    })
    const { backend } = new MortalBackend(accounts.database, { narrower: { maxDocumentBytes: 1000 } })
    await accounts.deposit('bad')
    const token = await accounts.deposit('good', 2)
    await using running = await runProjection(backend, wrong, muted)
    await running.caughtUpTo(token, { timeoutMs: PATIENCE.timeout })
    expect((await running.get('account:good'))?.cents).toBe(2)
    expect(await running.get('account:bad')).toBeUndefined()
    const group = backend.stream.group(running.group)
    await expect.poll(() => group.parked(), PATIENCE).toMatchObject([{ streamId: 'account:bad' }])
    const [parked] = await group.parked()
    expect(parked?.error).toMatch(/INVALID_ARGUMENT|LIMIT_EXCEEDED/)
    await running.stop()
    await backend.close()
  })
})

test('a listener that never answers does not keep a run from ending, and is told by the next', async () => {
  let hangs = true
  const told: string[] = []
  const telling = projection({
    ...balances,
    onChange: ({ key }: { readonly key: string }) => {
      if (hangs) return new Promise<void>(() => undefined)
      told.push(key)
      return undefined
    },
  })
  const first = await runProjection(accounts.backend, telling, QUICK)
  await accounts.deposit('ada')
  await expect.poll(() => first.get('account:ada'), PATIENCE).toMatchObject({ cents: 1 })
  await first.stop({ timeoutMs: 1 })
  hangs = false
  await using _second = await runProjection(accounts.backend, telling, QUICK)
  await expect.poll(() => told, PATIENCE).toEqual(['account:ada'])
  expect(await listed(readModel(accounts.backend.documents, telling))).toEqual(await accounts.truth(telling))
})
