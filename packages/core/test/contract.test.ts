import { type } from 'arktype'
import * as v from 'valibot'
import { beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Faults, memory } from '../../memory/src/index.ts'
import {
  type Backend,
  defineEvents,
  EventStoreError,
  type EventStoreErrorCode,
  type HandlerContext,
  type RecordedEvent,
} from '../src/index.ts'

const zod = defineEvents('bank-account', {
  AccountOpened: z.object({ owner: z.string() }),
  MoneyDeposited: z.object({ cents: z.number().positive(), note: z.string().default('none') }),
})

const valibot = defineEvents('bank-account', {
  AccountOpened: v.object({ owner: v.string() }),
  MoneyDeposited: v.object({
    cents: v.pipe(v.number(), v.minValue(1)),
    note: v.optional(v.string(), 'none'),
  }),
})

const arktype = defineEvents('bank-account', {
  AccountOpened: type({ owner: 'string' }),
  MoneyDeposited: type({ cents: 'number > 0', note: 'string = "none"' }),
})

const asyncSchema = defineEvents('bank-account', {
  AccountOpened: z
    .object({ owner: z.string() })
    .refine(async ({ owner }) => owner !== 'nobody', 'unknown owner'),
})

let backend: Backend
let faults: Faults

beforeEach(() => {
  faults = new Faults()
  backend = memory({ faults })
})

async function failure(promise: Promise<unknown>): Promise<EventStoreError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!EventStoreError.is(error)) throw new Error('expected an EventStoreError', { cause: error })
  return error
}

async function storedEvents(): Promise<number> {
  return (await backend.store.feed().toArray()).length
}

function thrown(work: () => unknown): { code: EventStoreErrorCode; field: string | undefined } | undefined {
  try {
    work()
  } catch (error) {
    if (EventStoreError.is(error)) return { code: error.code, field: error.field }
    throw error
  }
  return undefined
}

describe.each([
  ['Zod', zod],
  ['Valibot', valibot],
  ['ArkType', arktype],
] as const)('a contract of %s schemas', (_library, contract) => {
  // The three have the same types, which a union of contracts hides.
  const account = contract as typeof zod

  test('stores what the schema makes of the data', async () => {
    await account.store(backend.store).append('42', [account.event('MoneyDeposited', { cents: 5 })])
    const [event] = await backend.store.read('bank-account:42').toArray()
    expect(event?.data).toEqual({ cents: 5, note: 'none' })
  })

  test('refuses data with the path of the field and writes nothing', async () => {
    const error = await failure(
      account.store(backend.store).append('42', [
        { type: 'AccountOpened', data: { owner: 'Ada' } },
        { type: 'MoneyDeposited', data: { cents: -777 } },
      ]),
    )
    expect(error.code).toBe('SCHEMA_MISMATCH')
    expect(error.outcome).toBe('not-applied')
    expect(error.field).toBe('events[1].data.cents')
    expect(error.message).toMatch(/^events\[1\]\.data\.cents: .+/)
    expect(await storedEvents()).toBe(0)
  })

  test('names the data itself when all of it is refused', async () => {
    const error = await failure(
      account.store(backend.store).append('42', [{ type: 'AccountOpened', data: 'Ada Lovelace' as never }]),
    )
    expect(error.field).toBe('events[0].data')
    expect(error.message).toMatch(/^events\[0\]\.data: .*object/i)
    expect(error.message).not.toContain('Ada')
  })

  test('keeps the data out of its messages', async () => {
    // Types would refuse it; what comes from outside is not typed.
    const secret = { cents: 'IBAN DE00 4711', note: 'n' } as unknown as { cents: number }
    const error = await failure(
      account.store(backend.store).append('42', [{ type: 'MoneyDeposited', data: secret }]),
    )
    expect(error.field).toBe('events[0].data.cents')
    expect(error.message).toContain('number')
    expect(error.message).not.toContain('4711')
    expect(error.cause).toBeUndefined()
    const negative = await failure(
      account.store(backend.store).append('42', [{ type: 'MoneyDeposited', data: { cents: -77_123 } }]),
    )
    expect(negative.message).not.toContain('77123')
  })

  test('validates on read by choice', async () => {
    await backend.store.append('bank-account:42', [{ type: 'MoneyDeposited', data: { cents: 5 } }])
    const accounts = account.store(backend.store)
    const [trusted] = await accounts.read('42').toArray()
    expect(trusted?.data).toEqual({ cents: 5 })
    const [checked] = await accounts.read('42', { validate: true }).toArray()
    expect(checked?.data).toEqual({ cents: 5, note: 'none' })
    expect(checked?.toJSON()).toEqual({ ...trusted?.toJSON(), data: { cents: 5, note: 'none' } })
    expect(checked?.position).toBe(trusted?.position)

    await backend.store.append('bank-account:42', [{ type: 'MoneyDeposited', data: { cents: 'much' } }])
    const error = await failure(accounts.read('42', { validate: true }).toArray())
    expect(error.code).toBe('SCHEMA_MISMATCH')
    expect(error.field).toBe('data.cents')
    expect(error.message).toContain('event 2 of stream "bank-account:42"')
    expect(error.message).not.toContain('much')
  })
})

describe('a typed store', () => {
  test('awaits async schemas', async () => {
    const accounts = asyncSchema.store(backend.store)
    await accounts.append('42', [{ type: 'AccountOpened', data: { owner: 'Ada' } }])
    const error = await failure(accounts.append('43', [{ type: 'AccountOpened', data: { owner: 'nobody' } }]))
    expect(error.code).toBe('SCHEMA_MISMATCH')
    expect(error.message).toBe('events[0].data: unknown owner')
    expect(await storedEvents()).toBe(1)
  })

  test('turns a schema that throws into a typed error with its cause', async () => {
    const cause = new Error('out of order')
    const throws = (): never => {
      throw cause
    }
    for (const validate of [throws, () => Promise.reject(cause)]) {
      const schema = { '~standard': { version: 1, vendor: 'test', validate } } as const
      const contract = defineEvents('bank-account', { AccountOpened: schema })
      const error = await failure(
        contract.store(backend.store).append('42', [{ type: 'AccountOpened', data: {} }]),
      )
      expect(error.code).toBe('SCHEMA_MISMATCH')
      expect(error.field).toBe('events[0].data')
      expect(error.cause).toBe(cause)
    }
    expect(await storedEvents()).toBe(0)
  })

  test('refuses unknown types, schema versions other than its own, and what is no event', async () => {
    const accounts = zod.store(backend.store)
    const refused = async (event: unknown): Promise<unknown> => {
      const { code, field } = await failure(accounts.append('42', [event as never]))
      return { code, field }
    }
    expect(await refused({ type: 'MoneyStolen', data: {} })).toEqual({
      code: 'SCHEMA_MISMATCH',
      field: 'events[0].type',
    })
    expect(await refused({ type: 'constructor', data: {} })).toEqual({
      code: 'SCHEMA_MISMATCH',
      field: 'events[0].type',
    })
    expect(await refused({ type: undefined, data: {} })).toEqual({
      code: 'SCHEMA_MISMATCH',
      field: 'events[0].type',
    })
    expect(await refused({ type: 'AccountOpened', data: { owner: 'Ada' }, schemaVersion: 2 })).toEqual({
      code: 'SCHEMA_MISMATCH',
      field: 'events[0].schemaVersion',
    })
    expect(await refused(null)).toEqual({ code: 'INVALID_ARGUMENT', field: 'events[0]' })
    const { code, field } = await failure(accounts.append('42', 'events' as never))
    expect({ code, field }).toEqual({ code: 'INVALID_ARGUMENT', field: 'events' })
    expect(await storedEvents()).toBe(0)
  })

  test('refuses output that has no JSON form', async () => {
    const contract = defineEvents('day', { DayBegan: z.object({ on: z.coerce.date() }) })
    const error = await failure(
      contract.store(backend.store).append('1', [{ type: 'DayBegan', data: { on: '2026-01-01' } }]),
    )
    expect(error.code).toBe('INVALID_ARGUMENT')
    expect(error.field).toBe('events[0].data.on')
  })

  test('refuses to read types that its contract does not define, and newer schema versions', async () => {
    await backend.store.append('bank-account:42', [{ type: 'AccountMerged', data: {} }])
    const unknown = await failure(zod.store(backend.store).read('42').toArray())
    expect(unknown.code).toBe('SCHEMA_MISMATCH')
    expect(unknown.message).toBe(
      'event 1 of stream "bank-account:42" is of type "AccountMerged", which the contract "bank-account" does not define',
    )
    await backend.store.append('bank-account:43', [
      { type: 'AccountOpened', data: { owner: 'Ada' }, schemaVersion: 2 },
    ])
    const newer = await failure(zod.store(backend.store).read('43').toArray())
    expect(newer.code).toBe('SCHEMA_MISMATCH')
    expect(newer.field).toBe('schemaVersion')
  })

  test('passes version checks, ranges and faults on to the store', async () => {
    const accounts = zod.store(backend.store)
    const opened = zod.event('AccountOpened', { owner: 'Ada' })
    const { version } = await accounts.append('42', [opened, opened, opened], { expectedVersion: 'none' })
    expect(version).toBe(3)
    expect((await failure(accounts.append('42', [opened], { expectedVersion: 'none' }))).code).toBe(
      'VERSION_CONFLICT',
    )
    const positions = await accounts.read('42', { direction: 'backward', limit: 2 }).toArray()
    expect(positions.map(({ streamPosition }) => streamPosition)).toEqual([3, 2])
    expect((await accounts.head('42')).version).toBe(3)
    faults.failBefore('read')
    expect((await failure(accounts.read('42').toArray())).code).toBe('BACKEND_UNAVAILABLE')
  })

  test('stores the schema version of its contract', async () => {
    const contract = defineEvents('bank-account', {
      AccountOpened: { schema: z.object({ owner: z.string() }), version: 3 },
    })
    await contract.store(backend.store).append('42', [{ type: 'AccountOpened', data: { owner: 'Ada' } }])
    const [event] = await contract.store(backend.store).read('42').toArray()
    expect(event?.schemaVersion).toBe(3)
  })
})

describe('stream ids', () => {
  test('are the category and the id', () => {
    expect(zod.stream('42')).toBe('bank-account:42')
    expect(zod.stream('a:b')).toBe('bank-account:a:b')
    expect(zod.stream('bank-account:42')).toBe('bank-account:42')
  })

  test('are refused when no store could hold them', () => {
    for (const id of [
      '',
      'bank-account:',
      'a\nb',
      '\ud800',
      'x'.repeat(243),
      7 as never,
      undefined as never,
    ]) {
      expect(thrown(() => zod.stream(id))).toEqual({ code: 'INVALID_ARGUMENT', field: 'id' })
    }
    expect(Buffer.byteLength(zod.stream('x'.repeat(242)))).toBe(255)
  })
})

describe('defineEvents', () => {
  const schema = z.object({})

  test('refuses what is no category', () => {
    for (const category of ['', 'a:b', '$system', '@tenant', 'x'.repeat(254), 'a\u0000']) {
      expect(thrown(() => defineEvents(category, { Happened: schema }))).toEqual({
        code: 'INVALID_ARGUMENT',
        field: 'category',
      })
    }
  })

  test('refuses what is no schema, version or type', () => {
    const refused = (definition: unknown): unknown =>
      thrown(() => defineEvents('a', { Happened: definition as never }))
    expect(refused({})).toEqual({ code: 'INVALID_ARGUMENT', field: 'definitions.Happened' })
    expect(refused(null)).toEqual({ code: 'INVALID_ARGUMENT', field: 'definitions.Happened' })
    expect(refused({ schema: {} })).toEqual({ code: 'INVALID_ARGUMENT', field: 'definitions.Happened' })
    for (const version of [0, 1.5, -1, 40_000, '1']) {
      expect(refused({ schema, version })).toEqual({
        code: 'INVALID_ARGUMENT',
        field: 'definitions.Happened.version',
      })
    }
    expect(thrown(() => defineEvents('a', { '': schema }))?.code).toBe('INVALID_ARGUMENT')
  })
})

describe('handlers', () => {
  // What a handler map does with its context is to hand it on.
  const context = {} as HandlerContext

  async function recorded(
    streamId: string,
    type: string,
    data: unknown,
    schemaVersion = 1,
  ): Promise<RecordedEvent> {
    await backend.store.append(streamId, [{ type, data, schemaVersion }])
    const [event] = await backend.store.read(streamId, { direction: 'backward', limit: 1 }).toArray()
    if (event === undefined) throw new Error('nothing was stored')
    return event
  }

  test('are called with events of their type and category', async () => {
    const seen: string[] = []
    const map = zod.handlers({
      MoneyDeposited: async ({ data, streamId }) => void seen.push(`${streamId} ${data.cents}`),
    })
    expect(map.types).toEqual(['MoneyDeposited'])
    expect(map.category).toBe('bank-account')
    await map.handle(await recorded('bank-account:42', 'MoneyDeposited', { cents: 5 }), context)
    await map.handle(await recorded('bank-account:42', 'AccountOpened', { owner: 'Ada' }), context)
    await map.handle(await recorded('invoice:42', 'MoneyDeposited', { cents: 6 }), context)
    expect(seen).toEqual(['bank-account:42 5'])
  })

  test('pass the failures of the handler on', async () => {
    const map = zod.handlers({ AccountOpened: () => Promise.reject(new Error('no')) })
    const event = await recorded('bank-account:42', 'AccountOpened', { owner: 'Ada' })
    await expect(map.handle(event, context)).rejects.toThrow('no')
  })

  test('are not called with a newer schema version, nor, by choice, with data that the schema refuses', async () => {
    const newer = await recorded('bank-account:42', 'AccountOpened', { owner: 'Ada' }, 2)
    const damaged = await recorded('bank-account:42', 'AccountOpened', {})
    const calls: unknown[] = []
    const handlers = { AccountOpened: ({ data }: { readonly data: unknown }) => void calls.push(data) }
    await expect(zod.handlers(handlers).handle(newer, context)).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
    })
    await expect(zod.handlers(handlers, { validate: true }).handle(damaged, context)).rejects.toMatchObject({
      code: 'SCHEMA_MISMATCH',
    })
    expect(calls).toEqual([])
    await zod.handlers(handlers).handle(damaged, context)
    expect(calls).toEqual([{}])
  })

  test('of types that the contract does not define are refused', () => {
    const unknown = { MoneyStolen: () => undefined } as never
    expect(thrown(() => zod.handlers(unknown))).toEqual({
      code: 'INVALID_ARGUMENT',
      field: 'handlers.MoneyStolen',
    })
  })
})

describe('is', () => {
  test('tells events of the contract from others', () => {
    expect(zod.is({ type: 'AccountOpened', streamId: 'bank-account:42' })).toBe(true)
    expect(zod.is({ type: 'AccountOpened', streamId: 'bank-account:42' }, 'MoneyDeposited')).toBe(false)
    expect(zod.is({ type: 'AccountOpened', streamId: 'invoice:42' })).toBe(false)
    expect(zod.is({ type: 'toString', streamId: 'bank-account:42' })).toBe(false)
  })
})
