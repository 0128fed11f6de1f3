import { EventStoreError, VersionConflictError } from '@eventspine/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { commandHandler, decider, DomainError } from '../src/index.ts'
import { account, type AccountCommand, accountDecider } from './account.ts'
import { failureOf } from './failure-of.ts'
import { QUICK, TestBank } from './test-bank.ts'

let bank: TestBank

beforeEach(async () => {
  bank = await TestBank.open()
})

describe('two handlers racing for one stream', () => {
  test('one wins, the other decides anew on what the first left', async () => {
    const store = bank.meeting(2)
    const first = bank.handler({}, store)('42', { type: 'Withdraw', cents: 200 })
    const second = bank.handler({}, store)('42', { type: 'Withdraw', cents: 100 })
    const results = await Promise.all([first, second])
    expect(results.map(({ version }) => version)).toEqual([3, 4])
    expect(results.map(({ state }) => state.cents)).toEqual([300, 200])
    expect(bank.notices).toMatchObject([
      { streamId: 'account:42', attempt: 1, error: { code: 'VERSION_CONFLICT' } },
    ])
  })

  test('the loser is refused by the domain when the winner took what it needed', async () => {
    const store = bank.meeting(2)
    const first = bank.handler({}, store)('42', { type: 'Withdraw', cents: 400 })
    const second = failureOf(bank.handler({}, store)('42', { type: 'Withdraw', cents: 400 }))
    expect((await first).state.cents).toBe(100)
    expect(DomainError.is(await second, 'INSUFFICIENT_FUNDS')).toBe(true)
    expect(await bank.typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Withdrawn'])
  })

  test('twenty lose no deposit', async () => {
    const handle = bank.handler({ attempts: 100 })
    await Promise.all(Array.from({ length: 20 }, () => handle('42', { type: 'Deposit', cents: 1 })))
    const { state } = await handle('42', { type: 'Deposit', cents: 1 })
    expect(state.cents).toBe(521)
  })

  test('the conflict surfaces when the tries are used up, and nothing was written', async () => {
    const busy = bank.contended([account.event('Deposited', { cents: 1 })])
    const handle = bank.handler({ attempts: 3 }, busy)
    const error = await failureOf(handle('42', { type: 'Withdraw', cents: 200 }))
    expect(error).toBeInstanceOf(VersionConflictError)
    expect(error).toMatchObject({
      streamId: 'account:42',
      expectedVersion: 4,
      actualVersion: 5,
      outcome: 'not-applied',
    })
    expect(bank.notices.map(({ attempt }) => attempt)).toEqual([1, 2])
    expect(await bank.typesOf('account:42')).toEqual([
      'Opened',
      'Deposited',
      'Deposited',
      'Deposited',
      'Deposited',
    ])
  })

  test('an abort ends the waiting between tries', async () => {
    const abort = new AbortController()
    const busy = bank.contended([account.event('Deposited', { cents: 1 })])
    const onRetry = (): void => void setImmediate(() => abort.abort())
    const slow = { initialDelayMs: 60_000, maxDelayMs: 60_000, onRetry }
    const handle = bank.handler(slow, busy)
    const error = await failureOf(handle('42', { type: 'Clear' }, { signal: abort.signal }))
    expect(error).toMatchObject({ code: 'ABORTED', outcome: 'not-applied' })
  })
})

describe('the same command twice', () => {
  test('has one effect and gives the first result, also when others have appended since', async () => {
    const handle = bank.handler()
    const first = await handle('42', { type: 'Close' }, { id: 'close-1' })
    await account.store(bank.store).append('42', [account.event('Deposited', { cents: 9 })])
    const again = await handle('42', { type: 'Close' }, { id: 'close-1' })
    expect(again).toEqual({ ...first, repeated: true })
    expect(again.state).toEqual({ status: 'closed', cents: 0 })
    expect(await bank.typesOf('account:42')).toEqual([
      'Opened',
      'Deposited',
      'Withdrawn',
      'Closed',
      'Deposited',
    ])
  })

  test('on another stream is another command', async () => {
    const handle = bank.handler()
    await handle('42', { type: 'Deposit', cents: 1 }, { id: 'd-1' })
    expect((await handle('43', { type: 'Deposit', cents: 1 }, { id: 'd-1' })).repeated).toBe(false)
    const ids = (await bank.store.feed().toArray()).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('has one effect when both are under way at once', async () => {
    const store = bank.meeting(2)
    const handle = bank.handler({}, store)
    const both = [1, 2].map(() => handle('42', { type: 'Close' }, { id: 'close-1' }))
    const [first, second] = await Promise.all(both)
    expect([first, second].filter((result) => result?.repeated === true)).toHaveLength(1)
    expect({ ...first, repeated: true }).toEqual({ ...second, repeated: true })
    expect(await bank.typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Withdrawn', 'Closed'])
  })

  test('has one effect when both decide differently', async () => {
    let call = 0
    const changing = decider({
      ...accountDecider,
      decide: (_command: AccountCommand) => account.event('Deposited', { cents: ++call }),
    })
    const store = bank.meeting(2)
    const both = [1, 2].map(() =>
      commandHandler(store, changing, QUICK)('42', { type: 'Clear' }, { id: 'd-1' }),
    )
    const [first, second] = await Promise.all(both)
    expect(first?.repeated).toBe(false)
    expect(second).toEqual({ ...first, repeated: true })
    expect(await bank.typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Deposited'])
  })
})

describe('an append whose reply was lost', () => {
  test('is repeated until its outcome is known, and has one effect', async () => {
    bank.faults.failAfter('append', { times: 3 })
    const { version, repeated } = await bank.handler()('42', { type: 'Withdraw', cents: 200 })
    expect({ version, repeated }).toEqual({ version: 3, repeated: false })
    expect(bank.notices.map(({ error }) => error.code)).toEqual([
      'OUTCOME_UNKNOWN',
      'OUTCOME_UNKNOWN',
      'OUTCOME_UNKNOWN',
    ])
    expect(await bank.typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Withdrawn'])
  })

  test('is applied by the repeat when the first attempt never arrived', async () => {
    bank.faults.failBefore('append', {
      error: new EventStoreError('OUTCOME_UNKNOWN', 'cut', { outcome: 'unknown' }),
    })
    const { version } = await bank.handler()('42', { type: 'Withdraw', cents: 200 })
    expect(version).toBe(3)
    expect(await bank.typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Withdrawn'])
  })

  test('is decided anew when it never arrived and another writer was faster', async () => {
    bank.faults.failBefore('append', {
      skip: 1,
      error: new EventStoreError('OUTCOME_UNKNOWN', 'cut', { outcome: 'unknown' }),
    })
    const others = [account.event('Withdrawn', { cents: 400 })]
    const store = bank.disturbed(async () => {
      if (others.length > 0) await bank.store.append('account:42', others.splice(0))
    })
    const racing = bank.handler({}, store)
    expect(
      DomainError.is(await failureOf(racing('42', { type: 'Withdraw', cents: 200 })), 'INSUFFICIENT_FUNDS'),
    ).toBe(true)
    expect(await bank.typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Withdrawn'])
  })

  test('stays unknown when the tries are used up; the same command again decides it', async () => {
    bank.faults.failAfter('append')
    bank.faults.failBefore('append', { times: 2 })
    const error = await failureOf(
      bank.handler({ attempts: 3 })('42', { type: 'Withdraw', cents: 200 }, { id: 'w-1' }),
    )
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', outcome: 'unknown', retryable: true })
    await account.store(bank.store).append('42', [account.event('Deposited', { cents: 1 })])
    const again = await bank.handler()('42', { type: 'Withdraw', cents: 200 }, { id: 'w-1' })
    expect(again).toMatchObject({ version: 3, repeated: true, state: { cents: 300 } })
    expect(await bank.typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Withdrawn', 'Deposited'])
  })

  test('is not repeated once the caller has aborted', async () => {
    const abort = new AbortController()
    bank.faults.failAfter('append', { times: 5 })
    const handle = bank.handler({ initialDelayMs: 60_000, maxDelayMs: 60_000, onRetry: () => abort.abort() })
    const error = await failureOf(handle('42', { type: 'Withdraw', cents: 200 }, { signal: abort.signal }))
    expect(error).toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
  })
})
