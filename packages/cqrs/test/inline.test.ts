import { EventStoreError } from '@eventspine/core'
import { createBackend } from '@eventspine/core'
import { Faults, memory, memoryAdapter } from '@eventspine/memory'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import {
  commandHandler,
  inlineProjections,
  projection,
  readModel,
  rebuildProjection,
  runProjection,
} from '../src/index.ts'
import { account, accountDecider } from './account.ts'
import { Accounts, type Balance, balances, listed, PATIENCE, QUICK } from './balances.ts'
import { failureOf } from './failure-of.ts'

// A busy machine is given time.
vi.setConfig({ testTimeout: 120_000 })

/** One document fed by all streams. */
const total = projection({
  name: 'total',
  events: account,
  key: () => 'all',
  initialState: () => ({ cents: 0 }),
  evolve: { Deposited: (sum, { data }) => ({ cents: sum.cents + data.cents }) },
})

let accounts: Accounts

beforeEach(() => {
  accounts = new Accounts()
  return () => accounts.backend.close()
})

function handler(options: object = {}, backend = accounts.backend) {
  const inline = inlineProjections(backend, [balances, total])
  return commandHandler(backend.store, accountDecider, {
    inline,
    initialDelayMs: 0,
    maxDelayMs: 1,
    ...options,
  })
}

async function expectTruth(): Promise<void> {
  const { documents } = accounts.backend
  expect(await listed(readModel(documents, balances))).toEqual(await accounts.truth(balances))
  expect(await listed(readModel(documents, total))).toEqual(await accounts.truth(total))
}

describe('an inline projection', () => {
  test('is never behind: its documents change in the commit of the command', async () => {
    const handle = handler()
    await handle('ada', { type: 'Open', owner: 'Ada' })
    const { state } = await handle('ada', { type: 'Deposit', cents: 5 })
    const model = readModel(accounts.backend.documents, balances)
    expect((await model.get('account:ada'))?.cents).toBe(state.cents)
    await expectTruth()
    await handle('ada', { type: 'Close' })
    expect(await model.get('account:ada')).toBeUndefined()
    await expectTruth()
  })

  test('first applies what others have appended to the stream without it', async () => {
    await accounts.deposit('ada', 7)
    const handle = handler()
    await handle('ada', { type: 'Deposit', cents: 5 })
    await accounts.deposit('ada', 3)
    await handle('ada', { type: 'Deposit', cents: 5 })
    await expectTruth()
  })

  test('goes together with an async run of the same projection, each effect once', async () => {
    await accounts.fill(3, 4)
    const handle = handler({ attempts: 100 })
    await using running = await runProjection(accounts.backend, balances, QUICK)
    await using summing = await runProjection(accounts.backend, total, QUICK)
    const results = await Promise.all(
      Array.from({ length: 30 }, (_, index) => handle(`a${index % 5}`, { type: 'Deposit', cents: 1 })),
    )
    for (const { token } of results) {
      await running.caughtUpTo(token, { timeoutMs: PATIENCE.timeout })
      await summing.caughtUpTo(token, { timeoutMs: PATIENCE.timeout })
    }
    await expectTruth()
  })

  test('loses nothing where many commands meet at one document', async () => {
    const handle = handler({ attempts: 1000 })
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => handle(`a${index}`, { type: 'Deposit', cents: 1 })),
    )
    expect(await readModel(accounts.backend.documents, total).get('all')).toEqual({ cents: 40 })
    await expectTruth()
  })

  test.each(['failBefore', 'failAfter'] as const)('is done once when an append does %s', async (fault) => {
    const faults = new Faults()
    const handle = handler({}, memory({ database: accounts.database, faults }))
    faults[fault]('append', {
      times: 3,
      error: new EventStoreError('OUTCOME_UNKNOWN', 'lost', { outcome: 'unknown' }),
    })
    const { version } = await handle('ada', { type: 'Deposit', cents: 5 })
    expect(version).toBe(1)
    await expectTruth()
  })

  test('is written to what is being built beside it too, so that a swap finds nothing missing', async () => {
    const { backend } = accounts
    const handle = handler({ attempts: 100 })
    await handle('ada', { type: 'Deposit', cents: 5 })
    let isOver = false
    const writing = (async () => {
      let count = 0
      while (!isOver) {
        await handle(`a${count++ % 4}`, { type: 'Deposit', cents: 1 })
        await new Promise((resolve) => setImmediate(resolve))
      }
    })()
    await rebuildProjection(backend, balances, QUICK)
    await rebuildProjection(backend, balances, QUICK)
    isOver = true
    await writing
    await expectTruth()
  })

  test('refuses what only a run behind the commit can know', async () => {
    const timed = projection({
      ...balances,
      evolve: { Deposited: (balance: Balance, { timestamp }) => ({ ...balance, owner: timestamp }) },
    })
    const inline = inlineProjections(accounts.backend, [timed])
    const handle = commandHandler(accounts.backend.store, accountDecider, { inline })
    expect(await failureOf(handle('ada', { type: 'Deposit', cents: 5 }))).toMatchObject({
      code: 'NOT_SUPPORTED',
    })
    expect((await accounts.backend.store.head('account:ada')).version).toBe(0)
  })

  test('that cannot be applied refuses the command: nothing is written', async () => {
    const wrong = projection({
      ...balances,
      evolve: { Deposited: (balance: Balance) => ({ ...balance, cents: Number.NaN }) },
    })
    const inline = inlineProjections(accounts.backend, [wrong])
    const handle = commandHandler(accounts.backend.store, accountDecider, { inline })
    expect(await failureOf(handle('ada', { type: 'Deposit', cents: 5 }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    expect((await accounts.backend.store.head('account:ada')).version).toBe(0)
  })

  test('does not guess what was truncated before it was there', async () => {
    await accounts.deposit('ada', 3)
    await accounts.backend.store.truncate('account:ada', { before: 3 })
    const inline = inlineProjections(accounts.backend, [balances])
    expect(
      await failureOf(
        inline.append('account:ada', [account.event('Deposited', { cents: 1 })], { expectedVersion: 3 }),
      ),
    ).toMatchObject({ code: 'POSITION_EXPIRED' })
  })

  test('is refused before anything is written where a document is out of reach of the commit', async () => {
    const adapter = memoryAdapter({ database: accounts.database })
    const capabilities = { ...adapter.capabilities, documentsWithAppend: 'partition' } as const
    const narrow = createBackend({ ...adapter, capabilities })
    const ids = Array.from({ length: 8 }, (_, index) => `a${index}`)
    // Beside its stream, each document is within reach.
    const beside = commandHandler(narrow.store, accountDecider, {
      inline: inlineProjections(narrow, [balances]),
    })
    for (const id of ids) await beside(id, { type: 'Deposit', cents: 1 })
    const apart = commandHandler(narrow.store, accountDecider, { inline: inlineProjections(narrow, [total]) })
    const outcomes: unknown[] = []
    for (const id of ids)
      outcomes.push(
        await apart(id, { type: 'Deposit', cents: 1 }).then(
          () => 'done',
          (error: unknown) => (EventStoreError.is(error) ? error.code : error),
        ),
      )
    expect(new Set(outcomes)).toEqual(new Set(['done', 'NOT_SUPPORTED']))
    for (const [index, id] of ids.entries())
      expect((await narrow.store.head(account.stream(id))).version).toBe(outcomes[index] === 'done' ? 2 : 1)
    expect(await listed(readModel(narrow.documents, balances))).toEqual(
      Object.fromEntries(ids.map((id) => [account.stream(id), { owner: '', cents: 1, bookings: 1 }])),
    )
    await narrow.close()
  })

  test('is refused at once where events and documents share no commit', async () => {
    const adapter = memoryAdapter({ database: accounts.database })
    const capabilities = { ...adapter.capabilities, documentsWithAppend: 'none' } as const
    const narrow = createBackend({ ...adapter, capabilities })
    expect(() => inlineProjections(narrow, [balances])).toThrow(/run the projection async/)
    await narrow.close()
  })
})
