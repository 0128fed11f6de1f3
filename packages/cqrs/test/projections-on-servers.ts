import { type Backend, open } from '@eventspine/core'
import { describe, expect, test } from 'vitest'
import {
  commandHandler,
  inlineProjections,
  project,
  projection,
  query,
  queryHandlers,
  readModel,
  rebuildProjection,
  runProjection,
  snapshots,
} from '../src/index.ts'
import { account, type Account, accountDecider } from './account.ts'
import { type Balance, balances, listed, PATIENCE, QUICK } from './balances.ts'

const postgres = () => import('@eventspine/postgres')
const redis = () => import('@eventspine/redis')

const next = projection({
  ...balances,
  version: 2,
  evolve: {
    Deposited: (balance: Balance, { data }) => ({ ...balance, cents: balance.cents + 2 * data.cents }),
  },
})

/** What differs from server to server: commits with documents, batches, listings, truncation. */
export function testProjections(
  server: string,
  createUrl: () => Promise<{ readonly url: string } & AsyncDisposable>,
): void {
  const openAll = async (count: number) => {
    const target = await createUrl()
    const adapters = { postgres, postgresql: postgres, redis }
    const backends: Backend[] = []
    for (let index = 0; index < count; index++)
      backends.push(await open(target.url, adapters, { create: true, partitions: 2 }))
    return {
      backends,
      [Symbol.asyncDispose]: async () => {
        for (const backend of backends) await backend.close()
        await target[Symbol.asyncDispose]()
      },
    }
  }

  describe(`on ${server}`, () => {
    test('a new version is built beside the one that serves, while commands write inline and queries wait', async () => {
      await using opened = await openAll(2)
      const [first, second] = opened.backends
      if (first === undefined || second === undefined) throw new Error('two were opened')
      const inline = inlineProjections(first, [balances])
      const kept = snapshots<Account>(first.documents, { name: 'account', everyEvents: 4 })
      const handle = commandHandler(first.store, accountDecider, { inline, snapshots: kept, attempts: 100 })
      for (let index = 0; index < 30; index++) await handle(`a${index % 3}`, { type: 'Deposit', cents: 1 })
      const truth = async () => Object.fromEntries(await project(first.store, balances))
      expect(await listed(readModel(second.documents, balances))).toEqual(await truth())

      // Commands of the version before are still handled: its documents are kept.
      await using running = await runProjection(second, next, { ...QUICK, watchMs: 50, keepOld: true })
      const { token } = await handle('a0', { type: 'Deposit', cents: 1 })
      await running.caughtUpTo(token, { timeoutMs: PATIENCE.timeout })
      await expect.poll(() => running.rebuilding, PATIENCE).toBe(false)
      const ask = queryHandlers(second, {
        cents: query(next, async (model, id: string) => (await model.get(account.stream(id)))?.cents),
      })
      expect(await ask.cents('a0', { after: token, timeoutMs: PATIENCE.timeout })).toBe(22)
      expect(await listed(readModel(first.documents, next))).toEqual(
        Object.fromEntries(await project(first.store, next)),
      )
      // Handled once also behind a snapshot, and its stream truncated since.
      const given = await handle('a1', { type: 'Deposit', cents: 5 }, { id: 'deposit-1' })
      expect(await handle('a1', { type: 'Deposit', cents: 5 }, { id: 'deposit-1' })).toMatchObject({
        repeated: true,
        version: given.version,
      })
    })

    test('two rebuilds at once leave one whole read model', async () => {
      await using opened = await openAll(3)
      const [first] = opened.backends
      if (first === undefined) throw new Error('three were opened')
      const store = account.store(first.store)
      for (let index = 0; index < 6; index++)
        await store.append(
          `a${index}`,
          Array.from({ length: 10 }, () => account.event('Deposited', { cents: 1 })),
        )
      await rebuildProjection(first, balances, { ...QUICK, watchMs: 50 })
      const rebuilt = await Promise.all(
        opened.backends
          .slice(1)
          .map((backend) => rebuildProjection(backend, next, { ...QUICK, watchMs: 50 })),
      )
      expect(rebuilt).toMatchObject([{ version: 2 }, { version: 2 }])
      expect(await listed(readModel(first.documents, next))).toEqual(
        Object.fromEntries(await project(first.store, next)),
      )
    })
  })
}
