import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  defineEvents,
  type DomainEventOf,
  type EventOf,
  type EventStore,
  type HandlerMap,
  type NewEventOf,
  type StreamId,
  type ValidEventOf,
} from '../src/index.ts'

declare const store: EventStore

const zod = defineEvents('bank-account', {
  AccountOpened: z.object({ owner: z.string() }),
  MoneyDeposited: {
    schema: z.object({ cents: z.number().positive(), note: z.string().default('') }),
    version: 2,
  },
})

const valibot = defineEvents('bank-account', {
  AccountOpened: v.object({ owner: v.string() }),
  MoneyDeposited: {
    schema: v.object({ cents: v.pipe(v.number(), v.minValue(1)), note: v.optional(v.string(), '') }),
    version: 2,
  },
})

const arktype = defineEvents('bank-account', {
  AccountOpened: type({ owner: 'string' }),
  MoneyDeposited: { schema: type({ cents: 'number > 0', note: 'string = ""' }), version: 2 },
})

interface Deposit {
  cents: number
  note: string
}

describe('a contract of Zod schemas', () => {
  test('narrows data on type', () => {
    expectTypeOf<EventOf<typeof zod>['type']>().toEqualTypeOf<'AccountOpened' | 'MoneyDeposited'>()
    expectTypeOf<EventOf<typeof zod, 'MoneyDeposited'>['data']>().toEqualTypeOf<Deposit>()
    const event = {} as EventOf<typeof zod>
    if (event.type === 'MoneyDeposited') expectTypeOf(event.data).toEqualTypeOf<Deposit>()
    else expectTypeOf(event.data).toEqualTypeOf<{ owner: string }>()
  })

  test('takes the schema input from producers and gives its output to readers', () => {
    expectTypeOf<NewEventOf<typeof zod, 'MoneyDeposited'>['data']>().toEqualTypeOf<{
      cents: number
      note?: string | undefined
    }>()
    expectTypeOf<ValidEventOf<typeof zod, 'MoneyDeposited'>['data']>().toEqualTypeOf<Deposit>()
    expectTypeOf<DomainEventOf<typeof zod, 'MoneyDeposited'>>().toExtend<{
      type: 'MoneyDeposited'
      data: Deposit
    }>()
    expectTypeOf(zod.event('MoneyDeposited', { cents: 5 }).type).toEqualTypeOf<'MoneyDeposited'>()
    // @ts-expect-error -- cents is a number
    zod.event('MoneyDeposited', { cents: '5' })
    // @ts-expect-error -- no such type
    zod.event('MoneyStolen', { cents: 5 })
  })
})

describe('a contract of Valibot schemas', () => {
  test('narrows data on type', () => {
    expectTypeOf<EventOf<typeof valibot, 'MoneyDeposited'>['data']>().toEqualTypeOf<Deposit>()
    const event = {} as EventOf<typeof valibot>
    if (event.type === 'MoneyDeposited') expectTypeOf(event.data).toEqualTypeOf<Deposit>()
    else expectTypeOf(event.data).toEqualTypeOf<{ owner: string }>()
  })

  test('takes the schema input from producers', () => {
    expectTypeOf<NewEventOf<typeof valibot, 'MoneyDeposited'>['data']>().toEqualTypeOf<{
      cents: number
      note?: string | undefined
    }>()
    // @ts-expect-error -- cents is a number
    valibot.event('MoneyDeposited', { cents: '5' })
  })
})

describe('a contract of ArkType schemas', () => {
  test('narrows data on type', () => {
    expectTypeOf<EventOf<typeof arktype, 'MoneyDeposited'>['data']>().toEqualTypeOf<Deposit>()
    const event = {} as EventOf<typeof arktype>
    if (event.type === 'MoneyDeposited') expectTypeOf(event.data).toEqualTypeOf<Deposit>()
    else expectTypeOf(event.data).toEqualTypeOf<{ owner: string }>()
  })

  test('takes the schema input from producers', () => {
    expectTypeOf<NewEventOf<typeof arktype, 'MoneyDeposited'>['data']>().toExtend<{
      cents: number
      note?: string
    }>()
    arktype.event('MoneyDeposited', { cents: 5 })
    // @ts-expect-error -- cents is a number
    arktype.event('MoneyDeposited', { cents: '5' })
  })
})

describe('stream ids', () => {
  const invoices = defineEvents('invoice', { InvoiceIssued: z.object({ total: z.number() }) })

  test('remember their category', () => {
    expectTypeOf(zod.stream('42')).toEqualTypeOf<StreamId<'bank-account'>>()
    expectTypeOf<EventOf<typeof zod>['streamId']>().toEqualTypeOf<StreamId<'bank-account'>>()
    void zod.store(store).append(zod.stream('42'), [])
    void zod.store(store).append('42', [])
    // @ts-expect-error -- of another category
    void zod.store(store).append(invoices.stream('42'), [])
  })
})

describe('a typed store', () => {
  test('takes only events of its contract', () => {
    const accounts = zod.store(store)
    void accounts.append('42', [
      { type: 'MoneyDeposited', data: { cents: 5 } },
      zod.event('AccountOpened', { owner: 'Ada' }),
    ])
    // @ts-expect-error -- data of another type
    void accounts.append('42', [{ type: 'MoneyDeposited', data: { owner: 'Ada' } }])
    // @ts-expect-error -- no such type
    void accounts.append('42', [{ type: 'MoneyStolen', data: { cents: 5 } }])
  })

  test('reads a union that narrows', async () => {
    const events = await zod.store(store).read('42', { validate: true }).toArray()
    expectTypeOf(events).toEqualTypeOf<EventOf<typeof zod>[]>()
    for (const event of events) {
      if (event.type === 'AccountOpened') expectTypeOf(event.data.owner).toEqualTypeOf<string>()
    }
  })
})

describe('handlers', () => {
  test('get the event of their type', () => {
    const handlers = zod.handlers({
      MoneyDeposited: async ({ data, streamId }, context) => {
        expectTypeOf(data).toEqualTypeOf<Deposit>()
        expectTypeOf(streamId).toEqualTypeOf<StreamId<'bank-account'>>()
        expectTypeOf(context.transaction).toEqualTypeOf<unknown>()
      },
    })
    expectTypeOf(handlers).toEqualTypeOf<HandlerMap>()
    // @ts-expect-error -- no such type
    zod.handlers({ MoneyStolen: async () => undefined })
  })

  test('take the type of the transaction from where they are used', () => {
    interface Client {
      query(text: string): Promise<void>
    }
    const subscribe = (_handlers: HandlerMap<Client>): void => undefined
    subscribe(zod.handlers({ AccountOpened: (_event, context) => context.transaction.query('select 1') }))
    // Handlers that ask nothing of the transaction fit everywhere.
    const handlers = zod.handlers({ AccountOpened: () => undefined })
    subscribe(handlers)
  })
})

describe('is', () => {
  test('narrows any event to the contract or to one type', () => {
    const event = {} as import('../src/index.ts').RecordedEvent
    if (zod.is(event)) expectTypeOf(event.type).toEqualTypeOf<'AccountOpened' | 'MoneyDeposited'>()
    if (zod.is(event, 'MoneyDeposited')) expectTypeOf(event.data).toEqualTypeOf<Deposit>()
  })
})

describe('a contract of 200 event types', () => {
  type Digit = '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9'
  type Name = `Event${'0' | '1'}${Digit}${Digit}`
  const schema = z.object({ cents: z.number(), note: z.string().optional() })
  // Only its type is looked at.
  const definitions = {} as Record<Name, typeof schema>
  const many = defineEvents('many', definitions)

  test('keeps every type apart', () => {
    expectTypeOf<EventOf<typeof many>['type']>().toEqualTypeOf<Name>()
    expectTypeOf<EventOf<typeof many, 'Event199'>['data']['cents']>().toEqualTypeOf<number>()
    many.handlers({
      Event000: ({ data }) => {
        expectTypeOf(data.cents).toEqualTypeOf<number>()
      },
    })
    void many.store(store).append('1', [{ type: 'Event123', data: { cents: 1 } }])
    // @ts-expect-error -- cents is missing
    void many.store(store).append('1', [{ type: 'Event123', data: {} }])
  })
})
