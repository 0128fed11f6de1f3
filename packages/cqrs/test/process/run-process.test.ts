import { type Backend, type ConsumerNotice, partitionOf } from '@eventspine/core'
import { Faults, memory, MemoryDatabase } from '@eventspine/memory'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  domainError,
  processManager,
  processOf,
  runProcess,
  type RunningProcess,
  type RunProcessOptions,
  type ScheduleNotice,
} from '../../src/index.ts'
import { FakeClock } from '../../src/testing/index.ts'
import { failureOf } from '../failure-of.ts'
import {
  bankOf,
  bookingsOf,
  type Mail,
  REMINDER_MS,
  stepsOf,
  transfer,
  transfers,
  type TransferState,
} from './transfer.ts'

const DEADLINE = { timeout: 60_000, interval: 5 }

let database: MemoryDatabase
let faults: Faults
let clock: FakeClock
/** How often the service has looked at it. */
let clockReads: number
let backend: Backend<undefined>
let mails: { readonly id: string; readonly stream: string; readonly text: string }[]
let notices: ConsumerNotice[]

beforeEach(() => {
  database = new MemoryDatabase({ partitions: 4 })
  faults = new Faults()
  clock = new FakeClock()
  clockReads = 0
  backend = memory({ database, faults })
  mails = []
  notices = []
})

afterEach(async () => {
  await backend.close()
})

function run(
  options: RunProcessOptions<undefined, typeof transfers.receivers> = {},
): Promise<RunningProcess<TransferState>> {
  return runProcess(backend, transfers, {
    clock: () => {
      clockReads++
      return clock.now()
    },
    pollMs: { min: 1, max: 20 },
    retry: { initialDelayMs: 1, maxDelayMs: 5 },
    onNotice: (notice) => notices.push(notice),
    timeouts: { pollMs: 5, leaseMs: 600_000 },
    external: { mail: (stream, { text }: Mail, { id }) => void mails.push({ id, stream, text }) },
    ...options,
  })
}

async function endOf(running: RunningProcess<TransferState>, key: string): Promise<TransferState> {
  const { timeouts, state } = await running.ended(key, { timeoutMs: 60_000 })
  expect(timeouts).toEqual({})
  return state
}

describe('a process', () => {
  test('takes events in and sends commands, until it ends', async () => {
    const bank = bankOf(backend.store)
    await using running = await run()
    await bank.open('ada', 500)
    await bank.open('grace', 0)
    await bank.request('t1', 'ada', 'grace', 200)
    expect(await endOf(running, 'transfer:t1')).toMatchObject({ step: 'completed' })
    expect(await bookingsOf(backend.store, 'ada')).toEqual([-200])
    expect(await bookingsOf(backend.store, 'grace')).toEqual([200])
    expect(await stepsOf(backend.store, 't1')).toEqual(['Requested', 'Completed'])
    expect(mails).toEqual([])
  })

  test('compensates when a later command is refused', async () => {
    const bank = bankOf(backend.store)
    await bank.open('ada', 500)
    await bank.open('grace', 0)
    await bank.close('grace')
    await bank.request('t1', 'ada', 'grace', 200)
    await using running = await run()
    expect(await endOf(running, 'transfer:t1')).toMatchObject({ step: 'failed', reason: 'ACCOUNT_CLOSED' })
    expect(await bookingsOf(backend.store, 'ada')).toEqual([-200, 200])
    expect(await bookingsOf(backend.store, 'grace')).toEqual([])
    expect(await stepsOf(backend.store, 't1')).toEqual(['Requested', 'Failed'])
    expect(mails).toMatchObject([{ stream: 'ada', text: 'ACCOUNT_CLOSED' }])
  })

  test('ends when its first command is refused', async () => {
    const bank = bankOf(backend.store)
    await bank.open('ada', 100)
    await bank.open('grace', 0)
    await bank.request('t1', 'ada', 'grace', 200)
    await using running = await run()
    expect(await endOf(running, 'transfer:t1')).toMatchObject({
      step: 'failed',
      reason: 'INSUFFICIENT_FUNDS',
    })
    expect(await bookingsOf(backend.store, 'ada')).toEqual([])
  })

  test('leaves its name and the correlation id on the events of its commands', async () => {
    const bank = bankOf(backend.store)
    await bank.open('ada', 500)
    await bank.open('grace', 0)
    const requested = await bank.request('t1', 'ada', 'grace', 200)
    await using running = await run()
    await endOf(running, 'transfer:t1')
    const [, withdrawn] = await backend.store.read('account:ada').toArray()
    expect(withdrawn?.metadata).toEqual({
      correlationId: requested.events[0]?.metadata.correlationId,
      causationId: expect.any(String) as string,
      process: { name: 'transfers', key: 'transfer:t1' },
    })
  })

  test('is not begun by events that concern no process, and others are left alone', async () => {
    const bank = bankOf(backend.store)
    await bank.open('ada', 500)
    await using running = await run()
    const { token } = await bank.deposit('ada', 5, 'd1')
    await running.caughtUpTo(token)
    expect(await backend.documents.collection('process:transfers').get('account:ada')).toBeUndefined()
    expect(await processOf(backend.documents, transfers, 'transfer:t1')).toBeUndefined()
  })

  test('many run side by side, also over the same accounts', async () => {
    const bank = bankOf(backend.store)
    await bank.open('ada', 1000)
    await bank.open('grace', 1000)
    await using running = await run()
    const ids = Array.from({ length: 20 }, (_, index) => `t${index}`)
    await Promise.all(
      ids.map((id, index) =>
        bank.request(id, index % 2 === 0 ? 'ada' : 'grace', index % 2 === 0 ? 'grace' : 'ada', 10),
      ),
    )
    for (const id of ids) expect(await endOf(running, `transfer:${id}`)).toMatchObject({ step: 'completed' })
    const bookings = await bookingsOf(backend.store, 'ada')
    expect(bookings.filter((cents) => cents === -10)).toHaveLength(10)
    expect(bookings.filter((cents) => cents === 10)).toHaveLength(10)
    expect(bookings).toHaveLength(20)
  })

  test('goes on after an outage of store and documents', async () => {
    const bank = bankOf(backend.store)
    await bank.open('ada', 500)
    await bank.open('grace', 0)
    await bank.request('t1', 'ada', 'grace', 200)
    const retried: string[] = []
    await using running = await run({
      external: {
        mail: () => {
          throw domainError('UNUSED', 'nobody writes')
        },
      },
      onRetry: ({ key }) => void retried.push(key),
    })
    faults.failBefore('head', { times: 2 })
    faults.failAfter('append', { times: 2 })
    expect(await endOf(running, 'transfer:t1')).toMatchObject({ step: 'completed' })
    expect(await bookingsOf(backend.store, 'ada')).toEqual([-200])
    expect(await bookingsOf(backend.store, 'grace')).toEqual([200])
    expect(notices.filter(({ kind }) => kind === 'park')).toEqual([])
  })
})

test('waiting for the end of a process gives up after a time, and when it is aborted', async () => {
  await using running = await run()
  expect(await failureOf(running.ended('transfer:none', { timeoutMs: 1 }))).toMatchObject({ code: 'TIMEOUT' })
  const signal = AbortSignal.abort()
  expect(await failureOf(running.ended('transfer:none', { signal }))).toMatchObject({ code: 'ABORTED' })
})

describe('timeouts', () => {
  const transferPartition = partitionOf('transfer:t2', 4)

  /** Only the transfer's own partition is consumed, so that what happens to accounts is not heard of. */
  async function stuck(): Promise<RunningProcess<TransferState>> {
    expect(partitionOf('account:ada', 4)).not.toBe(transferPartition)
    const bank = bankOf(backend.store)
    await bank.open('ada', 500)
    await bank.open('grace', 0)
    await bank.request('t2', 'ada', 'grace', 200)
    const running = await run({ partitions: [transferPartition] })
    await vi.waitFor(async () => {
      const state = { step: 'withdrawing' }
      expect(await running.get('transfer:t2')).toMatchObject({ outputsLeft: 0, state })
    }, DEADLINE)
    return running
  }

  /** The schedule has looked at what is due several times more. */
  async function looks(): Promise<void> {
    const before = clockReads
    await vi.waitFor(() => expect(clockReads).toBeGreaterThan(before + 20), DEADLINE)
  }

  test('come when they are due and are set anew by the process, until it ends', async () => {
    const half = await stuck()
    const dueAtMs = clock.now() + REMINDER_MS
    expect((await half.get('transfer:t2'))?.timeouts).toEqual({ reminder: dueAtMs })
    clock.set(dueAtMs)
    await vi.waitFor(() => expect(mails.map(({ text }) => text)).toEqual(['reminder 1']), DEADLINE)
    await vi.waitFor(async () => {
      expect((await half.get('transfer:t2'))?.timeouts).toEqual({ reminder: dueAtMs + REMINDER_MS })
    }, DEADLINE)
    clock.set(dueAtMs + REMINDER_MS)
    await vi.waitFor(
      () => expect(mails.map(({ text }) => text)).toEqual(['reminder 1', 'reminder 2']),
      DEADLINE,
    )
    await half.stop()
    await using whole = await run()
    expect(await endOf(whole, 'transfer:t2')).toMatchObject({ step: 'completed', reminders: 2 })
    clock.advance(10 * REMINDER_MS)
    const { token } = await bankOf(backend.store).deposit('ada', 1, 'later')
    await whole.caughtUpTo(token)
    expect(await whole.get('transfer:t2')).toMatchObject({ state: { reminders: 2 } })
    expect(mails).toHaveLength(2)
  })

  test('are neither lost nor early when the clock jumps', async () => {
    const half = await stuck()
    const dueAtMs = clock.now() + REMINDER_MS
    clock.set(dueAtMs - 3_600_000)
    await half.stop()
    const again = await run({ partitions: [transferPartition] })
    await looks()
    clock.set(dueAtMs - 1)
    await looks()
    expect(mails).toEqual([])
    clock.set(dueAtMs + 86_400_000)
    await vi.waitFor(() => expect(mails).toHaveLength(1), DEADLINE)
    await again.stop()
  })
})

describe('what cannot be carried out', () => {
  test('a timeout that a newer version of the service has set waits for that version', async () => {
    const definition = {
      name: 'nudges',
      events: transfer,
      receivers: {},
      keys: { Requested: ({ streamId }: { readonly streamId: string }) => streamId },
      initialState: () => 'new',
      onRefused: () => undefined,
    }
    const newer = processManager({
      ...definition,
      react: { Requested: () => ({ timeouts: [{ name: 'nudge', inMs: 1000 }] }) },
      onTimeout: { nudge: () => ({ state: 'nudged', end: true }) },
    })
    const older = processManager({ ...definition, react: {}, onTimeout: { patience: () => undefined } })
    const seen: unknown[] = []
    const options = {
      clock: clock.now,
      timeouts: {
        pollMs: 5,
        leaseMs: 600_000,
        onNotice: (notice: ScheduleNotice) => seen.push('error' in notice ? notice.error : notice),
      },
    }
    const before = await runProcess(backend, newer, options)
    const { token } = await bankOf(backend.store).request('t1', 'ada', 'grace', 200)
    await before.caughtUpTo(token)
    await before.stop()
    const during = await runProcess(backend, older, options)
    clock.advance(1000)
    await vi.waitFor(() => expect(seen).toMatchObject([{ code: 'STORE_INCOMPATIBLE' }]), DEADLINE)
    await during.stop()
    await using after = await runProcess(backend, newer, options)
    clock.advance(600_000)
    expect(await after.ended('transfer:t1', { timeoutMs: 60_000 })).toMatchObject({ state: 'nudged' })
  })

  test('an external receiver without a handler is refused before anything is consumed', async () => {
    await expect(runProcess(backend, transfers)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('external.mail') as string,
    })
  })

  test('a reaction that throws parks its event, and the process goes on when it is replayed', async () => {
    const bank = bankOf(backend.store)
    await bank.open('ada', 500)
    await bank.open('grace', 0)
    await bank.request('t1', 'ada', 'grace', 200)
    let isBroken = true
    const broken: typeof transfers = {
      ...transfers,
      reactionTo: (state, input, context) => {
        if (isBroken && input.kind === 'event' && input.event.type === 'Withdrawn')
          throw new TypeError('a bug')
        return transfers.reactionTo(state, input, context)
      },
    }
    const options = { clock: clock.now, external: { mail: () => undefined } }
    await using running = await runProcess(backend, broken, {
      ...options,
      leaseMs: 1000,
      pollMs: { min: 1, max: 20 },
      retry: { attempts: 2, initialDelayMs: 1, maxDelayMs: 1 },
      onNotice: (notice) => notices.push(notice),
    })
    const group = backend.stream.group('process:transfers')
    await vi.waitFor(
      async () => expect(await group.parked()).toMatchObject([{ streamId: 'account:ada' }]),
      DEADLINE,
    )
    isBroken = false
    await group.replay('account:ada')
    expect(await endOf(running, 'transfer:t1')).toMatchObject({ step: 'completed' })
  })
})
