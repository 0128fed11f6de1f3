import { type EventStore, EventStoreError, type NewEvent, VersionConflictError } from '@eventspine/core'
import { Faults, memory } from '@eventspine/memory'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  commandHandler,
  type CommandHandlerOptions,
  decider,
  DomainError,
  type RetryNotice,
} from '../src/index.ts'
import { account, type Account, type AccountCommand, accountDecider } from './account.ts'
import { failureOf } from './failure-of.ts'

const QUICK = { initialDelayMs: 0, maxDelayMs: 0 }

let faults: Faults
let store: EventStore
let notices: RetryNotice[]

beforeEach(async () => {
  faults = new Faults()
  store = memory({ faults }).store
  notices = []
  await account
    .store(store)
    .append('42', [account.event('Opened', { owner: 'Ada' }), account.event('Deposited', { cents: 500 })])
})

function handler(options: CommandHandlerOptions = {}) {
  return commandHandler(store, accountDecider, {
    ...QUICK,
    onRetry: (notice) => notices.push(notice),
    ...options,
  })
}

async function typesOf(streamId: string): Promise<readonly string[]> {
  return (await store.read(streamId).toArray()).map(({ type }) => type)
}

/** A store to which others write right before each append. */
function contended(others: readonly NewEvent[]): Pick<EventStore, 'append' | 'read' | 'head'> {
  return {
    read: (streamId, options) => store.read(streamId, options),
    head: (streamId) => store.head(streamId),
    append: async (streamId, events, options) => {
      await store.append(streamId, others)
      return store.append(streamId, events, options)
    },
  }
}

describe('handling a command', () => {
  test('loads, decides and appends, and tells what came of it', async () => {
    const result = await handler()(account.stream('42'), { type: 'Withdraw', cents: 200 })
    const [stored] = await store.read('account:42', { from: 3 }).toArray()
    expect(result).toEqual({
      token: stored?.position,
      version: 3,
      state: { status: 'open', cents: 300 },
      repeated: false,
      events: [
        {
          id: stored?.id,
          type: 'Withdrawn',
          schemaVersion: 1,
          streamId: 'account:42',
          streamPosition: 3,
          data: { cents: 200 },
          metadata: stored?.metadata,
        },
      ],
    })
  })

  test('starts a stream that does not exist', async () => {
    const { version, state } = await handler()('43', { type: 'Open', owner: 'Grace' })
    expect({ version, state }).toEqual({ version: 1, state: { status: 'open', cents: 0 } })
  })

  test('lets the refusal of the domain through and writes nothing', async () => {
    const error = await failureOf(handler()('42', { type: 'Withdraw', cents: 501 }))
    expect(DomainError.is(error, 'INSUFFICIENT_FUNDS')).toBe(true)
    expect(error).toMatchObject({ data: { cents: 500 } })
    expect(await typesOf('account:42')).toEqual(['Opened', 'Deposited'])
  })

  test('marks its events with the command as their cause', async () => {
    const metadata = { correlationId: 'visit-1', causationId: 'ignored', teller: 'T1' }
    const { events } = await handler()('42', { type: 'Close' }, { id: 'close-1', metadata })
    const stored = await store.read('account:42', { from: 3 }).toArray()
    expect(stored.map((event) => event.metadata)).toEqual([
      { correlationId: 'visit-1', causationId: 'close-1', teller: 'T1' },
      { correlationId: 'visit-1', causationId: 'close-1', teller: 'T1' },
    ])
    expect(events.map((event) => event.metadata)).toEqual(stored.map((event) => event.metadata))
    await handler()('43', { type: 'Open', owner: 'Grace' }, { id: 'open-1' })
    const [opened] = await store.read('account:43').toArray()
    expect(opened?.metadata).toEqual({ correlationId: 'open-1', causationId: 'open-1' })
  })

  test('derives the ids of its events from the stream and the command', async () => {
    const { events } = await handler()('42', { type: 'Close' }, { id: 'close-1' })
    expect(events.map(({ id }) => id)).toEqual([
      '9198a669-262b-5d9e-95a5-ce68cffb1a4d',
      '82e5d9c0-8573-5b71-a569-88c2e1d3962e',
    ])
  })

  test('writes nothing when there is nothing to do, and decides anew when asked again', async () => {
    const handle = handler()
    const before = await handle('42', { type: 'Clear' }, { id: 'clear-0' })
    expect(before.events).toHaveLength(1)
    const { events, version, token, repeated } = await handle('42', { type: 'Clear' }, { id: 'clear-1' })
    expect({ events, version, repeated }).toEqual({ events: [], version: 3, repeated: false })
    expect(token).toBe(before.token)
    await handle('42', { type: 'Deposit', cents: 70 })
    const again = await handle('42', { type: 'Clear' }, { id: 'clear-1' })
    expect(again.events).toMatchObject([{ type: 'Withdrawn', data: { cents: 70 } }])
    expect(await handle('99', { type: 'Clear' })).toMatchObject({ token: '', version: 0, events: [] })
  })

  test('refuses decisions that the contract or the fold refuses, before anything is written', async () => {
    const deciding = (event: unknown) =>
      commandHandler(store, { ...accountDecider, decide: () => event as never })('42', { type: 'Clear' })
    expect(await failureOf(deciding({ type: 'Deposited', data: { cents: -1 } }))).toMatchObject({
      code: 'SCHEMA_MISMATCH',
      field: 'events[0].data.cents',
    })
    expect(await failureOf(deciding([{ type: 'Stolen', data: {} }]))).toMatchObject({
      field: 'events[0].type',
    })
    expect(await failureOf(deciding({ type: 'Closed', data: {}, id: 'x' }))).toMatchObject({
      field: 'events[0].id',
    })
    expect(await failureOf(deciding(undefined))).toMatchObject({ code: 'SCHEMA_MISMATCH' })
    const cannotFold = {
      ...accountDecider,
      evolve: (state: Account, event: { readonly type: string }) => {
        if (event.type === 'Closed') throw new Error('cannot fold')
        return state
      },
    }
    expect(await failureOf(commandHandler(store, cannotFold)('42', { type: 'Close' }))).toMatchObject({
      message: 'cannot fold',
    })
    expect(await typesOf('account:42')).toEqual(['Opened', 'Deposited'])
  })

  test('refuses ids and options that are none', async () => {
    for (const id of ['', 'a\nb', '\ud800', 'x'.repeat(256), 7 as never]) {
      expect(await failureOf(handler()('42', { type: 'Clear' }, { id }))).toMatchObject({
        code: 'INVALID_ARGUMENT',
        field: 'id',
      })
    }
    expect(await failureOf(handler()('42', { type: 'Clear' }, { metadata: null as never }))).toMatchObject({
      field: 'metadata',
    })
    expect(await failureOf(handler()('', { type: 'Clear' }))).toMatchObject({ field: 'id' })
    for (const field of ['attempts', 'initialDelayMs', 'maxDelayMs'] as const) {
      expect(() => handler({ [field]: -1 })).toThrow(field)
    }
  })

  test('refuses streams that were deleted or truncated', async () => {
    await store.truncate('account:42', { before: 2 })
    expect(await failureOf(handler()('42', { type: 'Clear' }))).toMatchObject({ code: 'POSITION_EXPIRED' })
    await store.delete('account:42')
    expect(await failureOf(handler()('42', { type: 'Open', owner: 'Ada' }))).toMatchObject({
      code: 'STREAM_DELETED',
    })
  })
})

describe('two handlers racing for one stream', () => {
  test('one wins, the other decides anew on what the first left', async () => {
    const release = faults.hold('append')
    const first = handler()('42', { type: 'Withdraw', cents: 200 })
    const second = handler()('42', { type: 'Withdraw', cents: 100 })
    release()
    const results = await Promise.all([first, second])
    expect(results.map(({ version }) => version)).toEqual([3, 4])
    expect(results.map(({ state }) => state.cents)).toEqual([300, 200])
    expect(notices).toMatchObject([
      { streamId: 'account:42', attempt: 1, error: { code: 'VERSION_CONFLICT' } },
    ])
  })

  test('the loser is refused by the domain when the winner took what it needed', async () => {
    const release = faults.hold('append')
    const first = handler()('42', { type: 'Withdraw', cents: 400 })
    const second = failureOf(handler()('42', { type: 'Withdraw', cents: 400 }))
    release()
    expect((await first).state.cents).toBe(100)
    expect(DomainError.is(await second, 'INSUFFICIENT_FUNDS')).toBe(true)
    expect(await typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Withdrawn'])
  })

  test('twenty lose no deposit', async () => {
    const handle = handler({ attempts: 100 })
    await Promise.all(Array.from({ length: 20 }, () => handle('42', { type: 'Deposit', cents: 1 })))
    const { state } = await handle('42', { type: 'Deposit', cents: 1 })
    expect(state.cents).toBe(521)
  })

  test('the conflict surfaces when the tries are used up, and nothing was written', async () => {
    const others = [account.event('Deposited', { cents: 1 })]
    const handle = commandHandler(contended(others), accountDecider, {
      ...QUICK,
      attempts: 3,
      onRetry: (notice) => notices.push(notice),
    })
    const error = await failureOf(handle('42', { type: 'Withdraw', cents: 200 }))
    expect(error).toBeInstanceOf(VersionConflictError)
    expect(error).toMatchObject({
      streamId: 'account:42',
      expectedVersion: 4,
      actualVersion: 5,
      outcome: 'not-applied',
    })
    expect(notices.map(({ attempt }) => attempt)).toEqual([1, 2])
    expect(await typesOf('account:42')).toEqual([
      'Opened',
      'Deposited',
      'Deposited',
      'Deposited',
      'Deposited',
    ])
  })

  test('an abort ends the waiting between tries', async () => {
    const abort = new AbortController()
    const others = [account.event('Deposited', { cents: 1 })]
    const handle = commandHandler(contended(others), accountDecider, {
      initialDelayMs: 60_000,
      maxDelayMs: 60_000,
      onRetry: () => abort.abort(),
    })
    const error = await failureOf(handle('42', { type: 'Clear' }, { signal: abort.signal }))
    expect(error).toMatchObject({ code: 'ABORTED', outcome: 'not-applied' })
  })
})

describe('an expected version', () => {
  test('is checked against what was loaded and not retried', async () => {
    const stale = await failureOf(handler()('42', { type: 'Clear' }, { expectedVersion: 1 }))
    expect(stale).toMatchObject({ code: 'VERSION_CONFLICT', expectedVersion: 1, actualVersion: 2 })
    expect(await failureOf(handler()('42', { type: 'Clear' }, { expectedVersion: 'none' }))).toBeInstanceOf(
      VersionConflictError,
    )
    expect(await failureOf(handler()('43', { type: 'Clear' }, { expectedVersion: 'exists' }))).toBeInstanceOf(
      VersionConflictError,
    )
    expect(notices).toEqual([])
    expect((await handler()('42', { type: 'Clear' }, { expectedVersion: 2 })).version).toBe(3)
    expect((await handler()('43', { type: 'Open', owner: 'Ada' }, { expectedVersion: 'none' })).version).toBe(
      1,
    )
  })

  test('is that of the sender, also when another writer comes in between', async () => {
    const handle = commandHandler(
      contended([account.event('Deposited', { cents: 1 })]),
      accountDecider,
      QUICK,
    )
    const error = await failureOf(handle('42', { type: 'Clear' }, { expectedVersion: 2 }))
    expect(error).toMatchObject({ code: 'VERSION_CONFLICT', expectedVersion: 2, actualVersion: 3 })
  })

  test('does not stand against the repeat of a command', async () => {
    const command = { type: 'Withdraw', cents: 200 } as const
    const first = await handler()('42', command, { id: 'w-1', expectedVersion: 2 })
    expect(await handler()('42', command, { id: 'w-1', expectedVersion: 2 })).toEqual({
      ...first,
      repeated: true,
    })
  })
})

describe('the same command twice', () => {
  test('has one effect and gives the first result, also when others have appended since', async () => {
    const handle = handler()
    const first = await handle('42', { type: 'Close' }, { id: 'close-1' })
    await account.store(store).append('42', [account.event('Deposited', { cents: 9 })])
    const again = await handle('42', { type: 'Close' }, { id: 'close-1' })
    expect(again).toEqual({ ...first, repeated: true })
    expect(again.state).toEqual({ status: 'closed', cents: 0 })
    expect(await typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Withdrawn', 'Closed', 'Deposited'])
  })

  test('on another stream is another command', async () => {
    const handle = handler()
    await handle('42', { type: 'Deposit', cents: 1 }, { id: 'd-1' })
    expect((await handle('43', { type: 'Deposit', cents: 1 }, { id: 'd-1' })).repeated).toBe(false)
    const ids = (await store.feed().toArray()).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('has one effect when both are under way at once', async () => {
    const release = faults.hold('append')
    const both = [
      handler()('42', { type: 'Close' }, { id: 'close-1' }),
      handler()('42', { type: 'Close' }, { id: 'close-1' }),
    ]
    release()
    const [first, second] = await Promise.all(both)
    expect([first, second].filter((result) => result?.repeated === true)).toHaveLength(1)
    expect({ ...first, repeated: true }).toEqual({ ...second, repeated: true })
    expect(await typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Withdrawn', 'Closed'])
  })

  test('has one effect when both decide differently', async () => {
    let call = 0
    const changing = decider({
      ...accountDecider,
      decide: (_command: AccountCommand) => account.event('Deposited', { cents: ++call }),
    })
    const release = faults.hold('append')
    const both = [1, 2].map(() =>
      commandHandler(store, changing, QUICK)('42', { type: 'Clear' }, { id: 'd-1' }),
    )
    release()
    const [first, second] = await Promise.all(both)
    expect(first?.repeated).toBe(false)
    expect(second).toEqual({ ...first, repeated: true })
    expect(await typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Deposited'])
  })
})

describe('an append whose reply was lost', () => {
  test('is repeated until its outcome is known, and has one effect', async () => {
    faults.failAfter('append', { times: 3 })
    const { version, repeated } = await handler()('42', { type: 'Withdraw', cents: 200 })
    expect({ version, repeated }).toEqual({ version: 3, repeated: false })
    expect(notices.map(({ error }) => error.code)).toEqual([
      'OUTCOME_UNKNOWN',
      'OUTCOME_UNKNOWN',
      'OUTCOME_UNKNOWN',
    ])
    expect(await typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Withdrawn'])
  })

  test('is applied by the repeat when the first attempt never arrived', async () => {
    faults.failBefore('append', {
      error: new EventStoreError('OUTCOME_UNKNOWN', 'cut', { outcome: 'unknown' }),
    })
    const { version } = await handler()('42', { type: 'Withdraw', cents: 200 })
    expect(version).toBe(3)
    expect(await typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Withdrawn'])
  })

  test('is decided anew when it never arrived and another writer was faster', async () => {
    faults.failBefore('append', {
      skip: 1,
      error: new EventStoreError('OUTCOME_UNKNOWN', 'cut', { outcome: 'unknown' }),
    })
    let others: NewEvent[] = [account.event('Withdrawn', { cents: 400 })]
    const store = contended([])
    const racing = commandHandler(
      {
        ...store,
        append: async (streamId, events, options) => {
          if (others.length > 0) await store.append(streamId, others.splice(0))
          return store.append(streamId, events, options)
        },
      },
      accountDecider,
      QUICK,
    )
    expect(
      DomainError.is(await failureOf(racing('42', { type: 'Withdraw', cents: 200 })), 'INSUFFICIENT_FUNDS'),
    ).toBe(true)
    expect(await typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Withdrawn'])
  })

  test('stays unknown when the tries are used up; the same command again decides it', async () => {
    faults.failAfter('append')
    faults.failBefore('append', { times: 2 })
    const error = await failureOf(
      handler({ attempts: 3 })('42', { type: 'Withdraw', cents: 200 }, { id: 'w-1' }),
    )
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', outcome: 'unknown', retryable: true })
    await account.store(store).append('42', [account.event('Deposited', { cents: 1 })])
    const again = await handler()('42', { type: 'Withdraw', cents: 200 }, { id: 'w-1' })
    expect(again).toMatchObject({ version: 3, repeated: true, state: { cents: 300 } })
    expect(await typesOf('account:42')).toEqual(['Opened', 'Deposited', 'Withdrawn', 'Deposited'])
  })

  test('is not repeated once the caller has aborted', async () => {
    const abort = new AbortController()
    faults.failAfter('append', { times: 5 })
    const handle = handler({ initialDelayMs: 60_000, maxDelayMs: 60_000, onRetry: () => abort.abort() })
    const error = await failureOf(handle('42', { type: 'Withdraw', cents: 200 }, { signal: abort.signal }))
    expect(error).toMatchObject({ code: 'ABORTED', outcome: 'unknown' })
  })
})

test('a failure that is certain is not repeated', async () => {
  faults.failBefore('append')
  expect(await failureOf(handler()('42', { type: 'Clear' }))).toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    outcome: 'not-applied',
  })
  faults.failBefore('read')
  expect(await failureOf(handler()('42', { type: 'Clear' }))).toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  expect(notices).toEqual([])
  expect(await typesOf('account:42')).toEqual(['Opened', 'Deposited'])
})
