import { type Backend, defineEvents, type EventStore, type StreamId } from '@eventspine/core'
import { expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import {
  commandHandler,
  type CommandHandlerOf,
  type CommandOf,
  decider,
  fold,
  projection,
  readModel,
  runProjection,
  type StateOf,
} from '../src/index.ts'
import { account, type Account, type AccountCommand, accountDecider } from './account.ts'

const invoice = defineEvents('invoice', { Paid: z.object({ cents: z.number() }) })
declare const store: EventStore
declare const backend: Backend
declare const invoiceId: StreamId<'invoice'>

test('a decider has its types from its contract, its initial state and its commands', () => {
  expectTypeOf<StateOf<typeof accountDecider>>().toEqualTypeOf<Account>()
  expectTypeOf<CommandOf<typeof accountDecider>>().toEqualTypeOf<AccountCommand>()
  decider({
    events: account,
    initialState: () => 0,
    evolve: (total, event) => {
      expectTypeOf(total).toEqualTypeOf<number>()
      if (event.type === 'Opened') expectTypeOf(event.data).toEqualTypeOf<{ owner: string }>()
      return total + 1
    },
    decide: (_command: AccountCommand, total) => {
      expectTypeOf(total).toEqualTypeOf<number>()
      return []
    },
  })
  const rest = { events: account, initialState: () => 0, evolve: (total: number) => total }
  decider({
    ...rest,
    // @ts-expect-error -- no such event
    decide: (_command: AccountCommand) => ({ type: 'Stolen' as const, data: {} }),
  })
  decider({
    ...rest,
    // @ts-expect-error -- data of another event
    decide: (_command: AccountCommand) => ({ type: 'Opened' as const, data: { cents: 1 } }),
  })
})

test('literals that evolve and decide return keep their types', () => {
  const light = defineEvents('light', { Switched: z.object({ to: z.enum(['on', 'off']) }) })
  interface Light {
    readonly is: 'on' | 'off'
    readonly history: string[]
  }
  const lightDecider = decider({
    events: light,
    initialState: (): Light => ({ is: 'off', history: [] }),
    evolve: (state, event) =>
      event.data.to === 'on'
        ? { ...state, is: 'on', history: [...state.history, 'on'] }
        : { ...state, is: 'off' },
    decide: (_command: { readonly type: 'Switch' }, { is }) =>
      is === 'on' ? { type: 'Switched', data: { to: 'off' } } : [{ type: 'Switched', data: { to: 'on' } }],
  })
  expectTypeOf<StateOf<typeof lightDecider>>().toEqualTypeOf<Light>()
  const rest = { events: light, initialState: (): Light => ({ is: 'off', history: [] }) }
  decider({
    ...rest,
    // @ts-expect-error -- no such state
    evolve: (state) => ({ ...state, is: 'broken' }),
    decide: (_command: { readonly type: 'Switch' }) => [],
  })
  projection({
    ...rest,
    name: 'lights',
    evolve: { Switched: (state, { data }) => ({ ...state, is: data.to === 'on' ? 'on' : 'off' }) },
  })
  projection({
    ...rest,
    name: 'lights',
    // @ts-expect-error -- no such state
    evolve: { Switched: (state) => ({ ...state, is: 'broken' }) },
  })
})

test('handling a command gives typed events and state', async () => {
  const handle = commandHandler(store, accountDecider)
  expectTypeOf(handle).toEqualTypeOf<CommandHandlerOf<typeof accountDecider>>()
  const { events, state } = await handle(account.stream('42'), { type: 'Deposit', cents: 5 })
  expectTypeOf(state).toEqualTypeOf<Account>()
  const [event] = events
  if (event?.type === 'Deposited') {
    expectTypeOf(event.data).toEqualTypeOf<{ cents: number }>()
    expectTypeOf(event.streamId).toEqualTypeOf<StreamId<'account'>>()
  }
  // @ts-expect-error -- no such command
  void handle('42', { type: 'Steal' })
  // @ts-expect-error -- of another category
  void handle(invoiceId, { type: 'Deposit', cents: 5 })
  expectTypeOf((await fold(store, accountDecider, '42')).state).toEqualTypeOf<Account>()
  const bookings = await fold(
    store,
    {
      events: account,
      initialState: (): { readonly last: 'none' | 'in' | 'out' } => ({ last: 'none' }),
      evolve: (state, { type }) => (type === 'Deposited' ? { last: 'in' } : state),
    },
    '42',
  )
  expectTypeOf(bookings.state.last).toEqualTypeOf<'none' | 'in' | 'out'>()
})

test('a projection has its documents from its initial state', async () => {
  const balances = projection({
    name: 'balances',
    events: account,
    key: (event) => event.streamId,
    initialState: () => ({ cents: 0 }),
    evolve: {
      Deposited: (balance, { data, streamPosition }) => {
        expectTypeOf(balance).toEqualTypeOf<{ cents: number }>()
        expectTypeOf(streamPosition).toEqualTypeOf<number>()
        return { cents: balance.cents + data.cents }
      },
      Closed: () => undefined,
    },
  })
  const running = await runProjection(backend, balances)
  expectTypeOf(running.get('42')).resolves.toEqualTypeOf<{ cents: number } | undefined>()
  projection({
    name: 'wrong',
    events: account,
    initialState: () => ({ cents: 0 }),
    // @ts-expect-error -- no such event
    evolve: { Stolen: (state: { cents: number }) => state },
  })
})

test('a projection of several contracts has the events of all of them', () => {
  const moved = projection({
    name: 'moved',
    events: [account, invoice],
    key: (event) => {
      if (event.type === 'Paid') expectTypeOf(event.data).toEqualTypeOf<{ cents: number }>()
      return event.streamId
    },
    initialState: (): { readonly last: 'none' | 'in' | 'out' } => ({ last: 'none' }),
    evolve: {
      Paid: (state, { data }) => {
        expectTypeOf(data).toEqualTypeOf<{ cents: number }>()
        return { ...state, last: 'out' }
      },
      Deposited: (state) => ({ ...state, last: 'in' }),
    },
  })
  expectTypeOf(readModel(backend.documents, moved).get('42')).resolves.toEqualTypeOf<
    { readonly last: 'none' | 'in' | 'out' } | undefined
  >()
  projection({
    name: 'wrong',
    events: [account, invoice],
    initialState: () => ({ cents: 0 }),
    // @ts-expect-error -- of neither
    evolve: { Paid: (state) => state, Stolen: (state: { cents: number }) => state },
  })
})
