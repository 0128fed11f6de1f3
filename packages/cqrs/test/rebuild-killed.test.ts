import { describe, expect, test, vi } from 'vitest'
import { projection, readModel, rebuildProjection, runProjection } from '../src/index.ts'
import { Accounts, type Balance, balances, collectionsIn, listed, PATIENCE, QUICK } from './balances.ts'
import { failureOf } from './failure-of.ts'
import { MortalBackend } from './mortal-backend.ts'

// A busy machine is given time.
vi.setConfig({ testTimeout: 120_000 })

const next = projection({
  ...balances,
  version: 2,
  evolve: {
    Deposited: (balance: Balance, { data }) => ({ ...balance, cents: balance.cents + 2 * data.cents }),
  },
})
// The dead are taken over from after this.
const options = { ...QUICK, leaseMs: 300, onNotice: () => undefined }

describe.each(['before', 'after'] as const)('a process killed %s a write has its effect', (effect) => {
  test('leaves every read model equal to the fold, whichever write of a rebuild, swap or drop that is', async () => {
    let diesAt = 1
    for (let isOver = false; !isOver; diesAt += diesAt < 40 ? 1 : 10) {
      const accounts = new Accounts(2)
      await accounts.fill(2, 2)
      const { backend, database } = accounts
      const first = await runProjection(backend, balances, QUICK)
      await first.caughtUpTo(await accounts.deposit('a0'))
      await first.stop()

      const mortal = new MortalBackend(database, { diesAt, effect, numbered: 'writes' })
      const failure = await failureOf(
        rebuildProjection(mortal.backend, next, options).then((rebuilt) => {
          isOver = true
          throw rebuilt
        }),
      )
      if (!isOver) expect(failure, `died at ${diesAt}`).toMatchObject({ code: 'CLOSED' })

      // What serves is whole, whichever it is.
      const record = await backend.documents
        .collection<{ serving: { version: number } }>('projections')
        .get('balances')
      const serves = record?.value.serving.version === 2 ? next : balances
      expect(await listed(readModel(backend.documents, serves)), `died at ${diesAt}`).toEqual(
        await accounts.truth(serves),
      )
      // Whoever starts the new version finishes what was begun.
      const running = await runProjection(backend, next, options)
      await running.caughtUpTo(await accounts.deposit('a1'), { timeoutMs: PATIENCE.timeout })
      await expect.poll(() => running.rebuilding, PATIENCE).toBe(false)
      expect(await listed(readModel(backend.documents, next)), `died at ${diesAt}`).toEqual(
        await accounts.truth(next),
      )
      await expect.poll(() => collectionsIn(database), PATIENCE).toEqual(['projection:balances@2.2'])
      await running.stop()
      await backend.close()
    }
    // Two steps of the catalogue, and what it drops, are writes like those of leases and documents.
    expect(diesAt).toBeGreaterThan(15)
  })
})
