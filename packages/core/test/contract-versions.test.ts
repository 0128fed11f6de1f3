import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { memory } from '../../memory/src/index.ts'
import {
  type Backend,
  defineEvents,
  EventStoreError,
  type HandlerContext,
  type NewEvent,
  placeInStream,
  readAs,
  type RecordedEvent,
  versions,
} from '../src/index.ts'

const deposited = versions(z.object({ amount: z.number() }))
  .next(z.object({ cents: z.number() }), ({ amount }) => ({ cents: Math.round(amount * 100) }))
  .next(z.object({ cents: z.number(), currency: z.string() }), ({ cents }) => ({ cents, currency: 'EUR' }))

const account = defineEvents(
  'account',
  {
    Opened: z.object({ owner: z.string() }),
    LimitSet: versions(z.object({ limit: z.number() })).next(
      z.object({ cents: z.number() }),
      ({ limit }) => ({
        cents: limit * 100,
      }),
    ),
    Deposited: deposited,
  },
  {
    legacy: {
      Created: 'Opened',
      Paid: 'Deposited',
      OpenedWithLimit: readAs(z.object({ owner: z.string(), limit: z.number() }), ({ owner, limit }) => [
        { type: 'Opened', data: { owner } },
        { type: 'LimitSet', schemaVersion: 1, data: { limit } },
      ]),
      Printed: readAs(z.object({}), () => []),
    },
  },
)

let backend: Backend

beforeEach(() => {
  backend = memory()
})

/** Appends as an older service did, without a contract. */
async function stored(...events: readonly NewEvent[]): Promise<readonly RecordedEvent[]> {
  await backend.store.append('account:1', events)
  return backend.store.read('account:1').toArray()
}

function only(events: readonly RecordedEvent[]): RecordedEvent {
  const [event] = events
  if (event === undefined || events.length !== 1) throw new Error(`expected one event, got ${events.length}`)
  return event
}

function mismatch(work: () => unknown): EventStoreError {
  try {
    work()
  } catch (error) {
    if (EventStoreError.is(error, 'SCHEMA_MISMATCH')) return error
    throw error
  }
  throw new Error('expected a mismatch')
}

const facts = (events: readonly { readonly type: string; readonly data: unknown }[]): unknown =>
  events.map(({ type, data }) => [type, data])

describe('an event of an older version', () => {
  test('is brought up step by step, and otherwise stays what was stored', async () => {
    const event = only(
      await stored({
        type: 'Deposited',
        data: { amount: 1.5 },
        metadata: { correlationId: 'c' },
        tags: ['cash'],
        occurredAt: '2020-01-01T00:00:00.000Z',
      }),
    )
    const view = only(account.current(event))
    expect(view.toJSON()).toEqual({
      ...event.toJSON(),
      schemaVersion: 3,
      data: { cents: 150, currency: 'EUR' },
    })
    expect([view.id, view.position, view.timestamp, view.occurredAt, view.tags, view.metadata]).toEqual([
      event.id,
      event.position,
      event.timestamp,
      event.occurredAt,
      event.tags,
      event.metadata,
    ])
  })

  test('begins at the step of its own version', async () => {
    const [second, third] = await stored(
      { type: 'Deposited', schemaVersion: 2, data: { cents: 7 } },
      { type: 'Deposited', schemaVersion: 3, data: { cents: 7, currency: 'CHF' } },
    )
    if (second === undefined || third === undefined) throw new Error('two were stored')
    expect(facts(account.current(second))).toEqual([['Deposited', { cents: 7, currency: 'EUR' }]])
    expect(account.current(third)).toEqual([third])
  })

  test('tells its upcaster what it was stored with', async () => {
    const dated = defineEvents('account', {
      Noted: versions(z.object({})).next(
        z.object({ at: z.string() }),
        (_data, { occurredAt, timestamp }) => ({
          at: occurredAt ?? timestamp,
        }),
      ),
    })
    const event = only(await stored({ type: 'Noted', data: {}, occurredAt: '2020-01-01T00:00:00.000Z' }))
    expect(facts(dated.current(event))).toEqual([['Noted', { at: '2020-01-01T00:00:00.000Z' }]])
  })

  test('is read as it is where its contract has a version and no steps', async () => {
    const plain = defineEvents('account', { Noted: { schema: z.object({}), version: 2 } })
    const event = only(await stored({ type: 'Noted', data: { old: true } }))
    expect(plain.current(event)).toEqual([event])
  })

  test('is refused where its version is not known any more', async () => {
    const young = defineEvents('account', { Noted: versions(z.object({}), { first: 3 }) })
    const event = only(await stored({ type: 'Noted', schemaVersion: 2, data: {} }))
    const error = mismatch(() => young.current(event))
    expect(error.field).toBe('schemaVersion')
    expect(error.message).toBe(
      'event 1 of stream "account:1" is of type "Noted" in schema version 2, the contract knows no version before 3',
    )
  })

  test('is refused with the cause when an upcaster throws, and when it returns nothing or a promise', async () => {
    const event = only(await stored({ type: 'Noted', data: {} }))
    const refusal = (upcast: () => unknown): EventStoreError => {
      const Noted = versions(z.object({})).next(z.object({}), upcast as never)
      return mismatch(() => defineEvents('account', { Noted }).current(event))
    }
    const cause = new Error('no')
    const thrown = refusal(() => {
      throw cause
    })
    expect(thrown.cause).toBe(cause)
    expect(thrown.message).toBe(
      'event 1 of stream "account:1" could not be read: the upcaster from version 1 threw',
    )
    expect(refusal(() => undefined).message).toContain('returned nothing')
    expect(refusal(async () => ({})).message).toContain('returned a promise')
  })
})

describe('an event under an older name', () => {
  test('is read under its new one, in the version that it has', async () => {
    const [created, paid] = await stored(
      { type: 'Created', data: { owner: 'Ada' } },
      { type: 'Paid', data: { amount: 2 } },
    )
    if (created === undefined || paid === undefined) throw new Error('two were stored')
    expect(facts(account.current(created))).toEqual([['Opened', { owner: 'Ada' }]])
    expect(facts(account.current(paid))).toEqual([['Deposited', { cents: 200, currency: 'EUR' }]])
  })

  test('is refused in a version that its new name never had', async () => {
    const event = only(await stored({ type: 'Created', schemaVersion: 2, data: {} }))
    expect(mismatch(() => account.current(event)).message).toBe(
      'event 1 of stream "account:1" is of type "Created" in schema version 2, the contract knows up to 1',
    )
  })
})

describe('an event that is split', () => {
  test('is read as its parts at one place, each of them known by an id of its own', async () => {
    const event = only(await stored({ type: 'OpenedWithLimit', data: { owner: 'Ada', limit: 5 } }))
    const parts = account.current(event)
    expect(facts(parts)).toEqual([
      ['Opened', { owner: 'Ada' }],
      ['LimitSet', { cents: 500 }],
    ])
    expect(parts.map(({ streamPosition, position }) => [streamPosition, position])).toEqual([
      [1, event.position],
      [1, event.position],
    ])
    expect(parts[0]?.id).toBe(event.id)
    expect(parts[1]?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(account.current(event)[1]?.id).toBe(parts[1]?.id)
    expect(parts.map((part) => placeInStream(part))).toEqual([0.5, 1])
    expect(placeInStream(event)).toBe(1)
  })

  test('may leave nothing', async () => {
    expect(account.current(only(await stored({ type: 'Printed', data: {} })))).toEqual([])
  })

  test('is refused when its parts are no events of the contract', async () => {
    const event = only(await stored({ type: 'Old', data: {} }))
    const refusal = (part: unknown): EventStoreError => {
      const Old = readAs(z.object({}), () => part as never)
      return mismatch(() =>
        defineEvents('account', { Opened: z.object({}) }, { legacy: { Old } }).current(event),
      )
    }
    expect(refusal({ type: 'Stolen', data: {} }).message).toBe(
      'event 1 of stream "account:1" is read as "Stolen", which the contract "account" does not define',
    )
    const newer = { type: 'Opened', schemaVersion: 2, data: {} }
    expect(refusal(newer).field).toBe('schemaVersion')
    for (const part of [7, null, { data: {} }, { type: 'Opened', schemaVersion: '1', data: {} }])
      expect(refusal(part).message).toContain('something that is no event')
  })
})

describe('an event that the contract does not know', () => {
  const newer: NewEvent = { type: 'Opened', schemaVersion: 2, data: { name: 'Ada' } }
  const unknown: NewEvent = { type: 'Merged', data: { into: 'account:2' } }

  test('stops the reading', async () => {
    const events = await stored(newer, unknown)
    for (const event of events) expect(() => account.current(event)).toThrow('the contract')
  })

  test('is passed over by choice, while broken events still stop', async () => {
    const tolerant = account.withUnknown('skip')
    for (const event of await stored(newer, unknown)) expect(tolerant.current(event)).toEqual([])
    const broken = defineEvents(
      'account',
      {
        Noted: versions(z.object({})).next(z.object({}), () => {
          throw new Error('no')
        }),
      },
      { unknown: 'skip' },
    )
    backend = memory()
    const event = only(await stored({ type: 'Noted', data: {} }))
    expect(mismatch(() => broken.current(event)).message).toContain('threw')
  })

  test('is handled by a function that says what it is read as', async () => {
    const wise = account.withUnknown((event) =>
      event.type === 'Opened' ? { type: 'Opened', data: { owner: 'somebody' } } : [],
    )
    const [first, second] = await stored(newer, unknown)
    if (first === undefined || second === undefined) throw new Error('two were stored')
    expect(facts(wise.current(first))).toEqual([['Opened', { owner: 'somebody' }]])
    expect(wise.current(second)).toEqual([])
  })
})

describe('every way of reading', () => {
  const older: readonly NewEvent[] = [
    { type: 'OpenedWithLimit', data: { owner: 'Ada', limit: 5 } },
    { type: 'Printed', data: {} },
    { type: 'Paid', data: { amount: 1 } },
  ]
  const current = [
    ['Opened', { owner: 'Ada' }],
    ['LimitSet', { cents: 500 }],
    ['Deposited', { cents: 100, currency: 'EUR' }],
  ]

  test('of a contract store gives the newest versions, in both directions', async () => {
    await stored(...older)
    const streams = account.store(backend.store)
    expect(facts(await streams.read('1').toArray())).toEqual(current)
    expect(facts(await streams.read('1', { validate: true }).toArray())).toEqual(current)
    expect(facts(await streams.read('1', { direction: 'backward' }).toArray())).toEqual(current.toReversed())
    // Ranges count what was stored.
    expect(facts(await streams.read('1', { limit: 2 }).toArray())).toEqual(current.slice(0, 2))
  })

  test('of a contract store gives no empty page', async () => {
    await stored({ type: 'Printed', data: {} })
    const pages: unknown[] = []
    for await (const page of account.store(backend.store).read('1').pages()) pages.push(page)
    expect(pages).toEqual([])
  })

  test('of a validating reader runs the newest schema on what the upcaster made', async () => {
    const strict = defineEvents('account', {
      Paid: versions(z.object({ amount: z.number() })).next(
        z.object({ cents: z.number().int() }),
        ({ amount }) => ({
          cents: amount * 100,
        }),
      ),
    })
    await stored({ type: 'Paid', data: { amount: 0.001 } })
    const read = strict.store(backend.store).read('1', { validate: true }).toArray()
    await expect(read).rejects.toMatchObject({ code: 'SCHEMA_MISMATCH', field: 'data.cents' })
  })

  // What a handler map does with its context is to hand it on.
  const context = {} as HandlerContext

  test('of handlers gives the newest versions of the types that they name', async () => {
    const seen: unknown[] = []
    const map = account.handlers({
      LimitSet: ({ data }) => void seen.push(data),
      Deposited: ({ data }) => void seen.push(data),
    })
    expect(map.types).toEqual(['LimitSet', 'Deposited', 'Paid', 'OpenedWithLimit', 'Printed'])
    for (const event of await stored(...older)) await map.handle(event, context)
    expect(seen).toEqual([{ cents: 500 }, { cents: 100, currency: 'EUR' }])
  })

  test('of validating handlers keeps the places of parts', async () => {
    const places: unknown[] = []
    const note = (event: RecordedEvent): void => void places.push(placeInStream(event))
    const map = account.handlers({ Opened: note, LimitSet: note, Deposited: note }, { validate: true })
    for (const event of await stored(...older)) await map.handle(event, context)
    expect(places).toEqual([0.5, 1, 3])
  })

  test('of a subscription goes through its handlers', async () => {
    await stored(...older)
    const seen: unknown[] = []
    await backend.stream.runOnce({
      group: 'g',
      budgetMs: 60_000,
      handlers: account.handlers({ Opened: ({ data }) => void seen.push(data) }),
    })
    expect(seen).toEqual([{ owner: 'Ada' }])
  })

  test('of the feed gives those of the category', async () => {
    await backend.store.append('invoice:1', [{ type: 'Opened', data: {} }])
    await stored(...older)
    const events = await backend.store.feed().toArray()
    expect(facts(events.flatMap((event) => account.current(event)))).toEqual(current)
  })

  test('of handlers takes every type where a function may know more', async () => {
    const seen: unknown[] = []
    const wise = account.withUnknown(() => ({ type: 'Opened', data: { owner: 'somebody' } }))
    const map = wise.handlers({ Opened: ({ data }) => void seen.push(data) })
    expect(map.types).toBe('all')
    for (const event of await stored({ type: 'Merged', data: {} })) await map.handle(event, context)
    const [foreign] = await backend.store
      .append('invoice:1', [{ type: 'Merged', data: {} }])
      .then(() => backend.store.read('invoice:1').toArray())
    if (foreign !== undefined) await map.handle(foreign, context)
    expect(seen).toEqual([{ owner: 'somebody' }])
  })
})

describe('defineEvents', () => {
  const refusedField = (work: () => unknown): string | undefined => {
    try {
      work()
    } catch (error) {
      if (EventStoreError.is(error, 'INVALID_ARGUMENT')) return error.field
      throw error
    }
    return undefined
  }
  const opened = { Opened: z.object({}) }

  test('refuses legacy types that are current, or name no current one', () => {
    expect(refusedField(() => defineEvents('a', opened, { legacy: { Opened: 'Opened' } }))).toBe(
      'legacy.Opened',
    )
    expect(refusedField(() => defineEvents('a', opened, { legacy: { Old: 'Older' as never } }))).toBe(
      'legacy.Old',
    )
    expect(refusedField(() => defineEvents('a', opened, { legacy: { Old: {} as never } }))).toBe('legacy.Old')
    expect(refusedField(() => defineEvents('a', opened, { legacy: { '': 'Opened' } }))).toBe('legacy.')
    expect(refusedField(() => defineEvents('a', opened, { unknown: 'ignore' as never }))).toBe('unknown')
  })

  test('refuses versions that cannot be', () => {
    for (const first of [0, 1.5, 40_000])
      expect(refusedField(() => versions(z.object({}), { first }))).toBe('first')
    expect(refusedField(() => versions(z.object({})).next(z.object({}), undefined as never))).toBe('upcast')
    const earlier = [{ schema: z.object({}), upcast: () => ({}) }]
    const definition = { schema: z.object({}), version: 1, earlier }
    expect(refusedField(() => defineEvents('a', { Opened: definition }))).toBe('definitions.Opened.earlier')
  })
})
