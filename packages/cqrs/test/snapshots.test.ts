import { EventStoreError } from '@eventspine/core'
import { Faults, memory, MemoryDatabase } from '@eventspine/memory'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import {
  commandHandler,
  decider,
  fold,
  type SnapshotNotice,
  type SnapshotOptions,
  snapshots,
} from '../src/index.ts'
import { account, type Account, accountDecider } from './account.ts'
import { failureOf } from './failure-of.ts'

// A busy machine is given time.
vi.setConfig({ testTimeout: 120_000 })

const faults = new Faults()
let database: MemoryDatabase
let backend: ReturnType<typeof memory>
let notices: SnapshotNotice[]
/** Versions from which streams were read. */
let readFrom: number[]

beforeEach(() => {
  database = new MemoryDatabase()
  faults.clear()
  backend = memory({ database, faults })
  notices = []
  readFrom = []
  return () => backend.close()
})

function cache(options: Partial<SnapshotOptions<Account>> = {}) {
  const onNotice = (notice: SnapshotNotice): void => void notices.push(notice)
  return snapshots<Account>(backend.documents, { name: 'account', everyEvents: 5, onNotice, ...options })
}

/** The store, with what is read from it noted. */
function watchedStore() {
  const { store } = backend
  return {
    append: store.append.bind(store),
    head: store.head.bind(store),
    read: (streamId: string, options: NonNullable<Parameters<typeof store.read>[1]>) => {
      readFrom.push(options.from ?? 1)
      return store.read(streamId, options)
    },
  }
}

async function deposit(times: number, cents = 1): Promise<void> {
  const events = Array.from({ length: times }, () => account.event('Deposited', { cents }))
  await account.store(backend.store).append('42', events)
}

/** The fold without a snapshot. */
async function truth(at?: number) {
  return fold(backend.store, accountDecider, '42', { at })
}

const collection = () => backend.documents.collection<Record<string, unknown>>('snapshot:account@1')

/** A snapshot of version 12, of a stream of 15 events. */
async function taken(): Promise<void> {
  await deposit(12)
  await fold(backend.store, accountDecider, '42', { snapshots: cache() })
  expect((await collection().get('account:42'))?.value).toMatchObject({ version: 12 })
  await deposit(3)
}

async function expectTruth(options: Partial<SnapshotOptions<Account>> = {}): Promise<void> {
  const folded = await fold(watchedStore(), accountDecider, '42', { snapshots: cache(options) })
  expect(folded).toEqual(await truth())
}

describe('a snapshot', () => {
  test('spares reading what it holds', async () => {
    await taken()
    await expectTruth()
    expect(readFrom).toEqual([12])
    expect(notices).toEqual([])
  })

  test('is taken every so many events, or bytes', async () => {
    await deposit(4)
    await expectTruth()
    expect(await collection().get('account:42')).toBeUndefined()
    await deposit(1)
    await expectTruth()
    expect((await collection().get('account:42'))?.value).toMatchObject({ version: 5 })
    await deposit(4)
    await expectTruth({ everyBytes: 40 })
    expect((await collection().get('account:42'))?.value).toMatchObject({ version: 9 })
  })

  test('is passed by where an earlier version or a time is asked for', async () => {
    await taken()
    for (const at of [0, 3, 12, 14])
      expect(await fold(backend.store, accountDecider, '42', { at, snapshots: cache() })).toEqual(
        await truth(at),
      )
    const { state } = await fold(backend.store, accountDecider, '42', {
      at: new Date('1999-01-01'),
      snapshots: cache(),
    })
    expect(state.cents).toBe(0)
  })

  test('that is corrupt is folded anew, and told of', async () => {
    for (const spoil of [
      (value: Record<string, unknown>) => ({ ...value, state: '{"status":"open","cents":999}' }),
      (value: Record<string, unknown>) => ({ ...value, version: 11 }),
      (value: Record<string, unknown>) => ({ ...value, state: '{' }),
      (value: Record<string, unknown>) => ({ fingerprint: value['fingerprint'] }),
      () => 'nonsense',
      () => null,
    ]) {
      await taken()
      const stored = await collection().get('account:42')
      await backend.documents.collection('snapshot:account@1').put('account:42', spoil(stored?.value ?? {}))
      await expectTruth()
      await backend.close()
      database = new MemoryDatabase()
      backend = memory({ database, faults })
    }
    expect(notices.map(({ kind }) => kind)).toContain('unreadable')
  })

  test('of another version of the state, or of other functions, is not used', async () => {
    await taken()
    await expectTruth({ version: 2 })
    expect(readFrom).toEqual([1])
    const other = decider({
      ...accountDecider,
      evolve: (state: Account, event) =>
        event.type === 'Deposited' ? { ...state, cents: state.cents + 2 } : state,
    })
    const folded = await fold(backend.store, other, '42', { snapshots: cache() })
    expect(folded.state.cents).toBe(30)
    await expectTruth()
  })

  test('that is ahead of its stream, as after a backup was restored, is not used', async () => {
    await taken()
    const kept = await collection().get('account:42')
    for (const events of [4, 12, 14]) {
      const restored = memory()
      const list = Array.from({ length: events }, () => account.event('Deposited', { cents: 7 }))
      await account.store(restored.store).append('42', list)
      await restored.documents.collection('snapshot:account@1').put('account:42', kept?.value)
      const own = snapshots<Account>(restored.documents, { name: 'account', onNotice: () => undefined })
      const folded = await fold(restored.store, accountDecider, '42', { snapshots: own })
      expect(folded.state.cents).toBe(7 * events)
      expect(folded.version).toBe(events)
      await restored.close()
    }
  })

  test('loads a stream that was truncated after it, in part or as a whole', async () => {
    await taken()
    const { state } = await truth()
    for (const before of [5, 12, 13, 14]) {
      await backend.store.truncate('account:42', { before })
      const loading = fold(backend.store, accountDecider, '42', { snapshots: cache() })
      // Version 13 is in no snapshot and no longer in the stream.
      if (before === 14) expect(await failureOf(loading)).toMatchObject({ code: 'POSITION_EXPIRED' })
      else expect(await loading).toMatchObject({ state, version: 15 })
    }
    await deposit(1)
  })

  test('of the last event loads a stream of which no event is left', async () => {
    await deposit(12)
    const folded = await fold(backend.store, accountDecider, '42', { snapshots: cache() })
    await backend.store.truncate('account:42', { before: 13 })
    expect(await fold(backend.store, accountDecider, '42', { snapshots: cache() })).toEqual(folded)
  })

  test('does not bring a deleted stream back', async () => {
    await taken()
    await backend.store.delete('account:42')
    expect(await fold(backend.store, accountDecider, '42', { snapshots: cache() })).toMatchObject({
      version: 0,
      state: { cents: 0 },
    })
  })

  test('cannot be read or written: the fold goes on without', async () => {
    await taken()
    faults.failBefore('get', { times: 1 })
    await expectTruth()
    faults.failBefore('write', { times: 5 })
    await deposit(5)
    await expectTruth()
    expect(notices.map(({ kind }) => kind)).toEqual(['unreadable', 'unwritable'])
  })

  test('of a state that JSON does not hold needs a codec', async () => {
    const seen = decider({
      events: account,
      initialState: () => new Map<string, number>(),
      evolve: (counts, { type }) => new Map(counts).set(type, (counts.get(type) ?? 0) + 1),
      decide: (_command: never) => [],
    })
    await deposit(6)
    const plain = snapshots<Map<string, number>>(backend.documents, {
      name: 'seen',
      everyEvents: 1,
      onNotice: (notice) => notices.push(notice),
    })
    expect((await fold(backend.store, seen, '42', { snapshots: plain })).state.get('Deposited')).toBe(6)
    expect(notices).toMatchObject([{ kind: 'unwritable', error: { code: 'INVALID_ARGUMENT' } }])
    const coded = snapshots<Map<string, number>>(backend.documents, {
      name: 'seen',
      everyEvents: 1,
      codec: {
        encode: (state) => Object.fromEntries(state),
        // Sound: the encoder made it.
        decode: (value) => new Map(Object.entries(value as Record<string, number>)),
      },
    })
    await fold(backend.store, seen, '42', { snapshots: coded })
    const again = await fold(watchedStore(), seen, '42', { snapshots: coded })
    expect(again.state).toEqual(new Map([['Deposited', 6]]))
    expect(readFrom).toEqual([6])
  })

  test('is refused by options that are none', () => {
    for (const options of [{ name: 'a b' }, { version: 0 }, { everyEvents: 0 }, { everyBytes: 0.5 }])
      expect(() => cache(options)).toThrow(EventStoreError)
  })
})

describe('commands over snapshots', () => {
  const quick = { initialDelayMs: 0, maxDelayMs: 1 }

  test('happen once, also when a snapshot was taken since', async () => {
    const handle = commandHandler(watchedStore(), accountDecider, { snapshots: cache(), ...quick })
    const first = await handle('42', { type: 'Deposit', cents: 500 }, { id: 'deposit-1' })
    for (let times = 0; times < 12; times++) await handle('42', { type: 'Deposit', cents: 1 })
    expect((await collection().get('account:42'))?.value).toMatchObject({ version: 10 })
    readFrom.length = 0
    const again = await handle('42', { type: 'Deposit', cents: 500 }, { id: 'deposit-1' })
    expect(again).toEqual({ ...first, repeated: true })
    expect(readFrom).toEqual([1])
    expect((await truth()).state.cents).toBe(512)
    // Another command need not look back so far.
    readFrom.length = 0
    await handle('42', { type: 'Deposit', cents: 1 }, { id: 'deposit-2' })
    expect(readFrom).toEqual([10])
  })

  test('give what they give without, whoever races to write snapshots', async () => {
    const processes = Array.from({ length: 4 }, () => {
      const own = memory({ database })
      const kept = snapshots<Account>(own.documents, { name: 'account', everyEvents: 2 })
      return commandHandler(own.store, accountDecider, { snapshots: kept, attempts: 1000, ...quick })
    })
    await Promise.all(
      processes.flatMap((handle) =>
        Array.from({ length: 15 }, () => handle('42', { type: 'Deposit', cents: 1 })),
      ),
    )
    expect((await truth()).state.cents).toBe(60)
    await expectTruth()
    const older = (await collection().get('account:42'))?.value
    await deposit(5)
    await expectTruth()
    // A process that was paused writes its snapshot long after.
    await collection().put('account:42', older ?? {})
    await expectTruth()
  })

  test('go on over a stream that was truncated behind a snapshot', async () => {
    await taken()
    await backend.store.truncate('account:42', { before: 12 })
    const handle = commandHandler(backend.store, accountDecider, { snapshots: cache(), ...quick })
    expect(await handle('42', { type: 'Withdraw', cents: 10 })).toMatchObject({
      version: 16,
      state: { cents: 5 },
    })
  })
})
