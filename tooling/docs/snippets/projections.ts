import { defineEvents } from '@eventspine/core'
import { commandHandler, decider, fold, inlineProjections, project, projection } from '@eventspine/cqrs'
import { query, queryHandlers, readModel, rebuildProjection, runProjection } from '@eventspine/cqrs'
import { memory } from '@eventspine/memory'
import { z } from 'zod'

// #region define
const order = defineEvents('order', {
  OrderPlaced: z.object({ customer: z.string(), cents: z.number().int() }),
  OrderCancelled: z.object({}),
})
const payment = defineEvents('payment', {
  PaymentReceived: z.object({ customer: z.string(), cents: z.number().int() }),
})

interface Account {
  readonly owesCents: number
}

const accounts = projection({
  name: 'accounts',
  events: [order, payment],
  key: (event) => (event.type === 'OrderCancelled' ? undefined : event.data.customer),
  initialState: (): Account => ({ owesCents: 0 }),
  evolve: {
    OrderPlaced: (account, { data }) => ({ owesCents: account.owesCents + data.cents }),
    PaymentReceived: (account, { data }) => ({ owesCents: account.owesCents - data.cents }),
  },
})
// #endregion

await using backend = memory()

// #region async
await using running = await runProjection(backend, accounts)
const { token } = await order
  .store(backend.store)
  .append(order.stream('1'), [order.event('OrderPlaced', { customer: 'ada', cents: 500 })])
await running.caughtUpTo(token)
console.log(await running.get('ada')) // => { owesCents: 500 }
// #endregion

// #region live
await payment
  .store(backend.store)
  .append(payment.stream('7'), [payment.event('PaymentReceived', { customer: 'ada', cents: 200 })])
const streams = [order.stream('1'), payment.stream('7')]
const live = await project(backend.store, accounts, { streams })
console.log(live.get('ada')) // => { owesCents: 300 }
// #endregion

// #region inline
const orders = projection({
  name: 'orders',
  events: order,
  initialState: (): { readonly status: 'placed' | 'cancelled' } => ({ status: 'placed' }),
  evolve: {
    OrderPlaced: (state) => state,
    OrderCancelled: (state) => ({ ...state, status: 'cancelled' }),
  },
})
const orderDecider = decider({
  events: order,
  initialState: () => 0,
  evolve: (count) => count + 1,
  decide: (_command: { readonly type: 'Cancel' }) => order.event('OrderCancelled', {}),
})

const inline = inlineProjections(backend, [orders])
const handle = commandHandler(backend.store, orderDecider, { inline })
await handle('1', { type: 'Cancel' })
console.log(await readModel(backend.documents, orders).get(order.stream('1'))) // => { status: 'cancelled' }
// #endregion

// #region query
const ask = queryHandlers(backend, {
  debtOf: query(accounts, async (model, { customer }: { customer: string }) => {
    return (await model.get(customer))?.owesCents ?? 0
  }),
})
const paid = await payment
  .store(backend.store)
  .append(payment.stream('8'), [payment.event('PaymentReceived', { customer: 'ada', cents: 100 })])
console.log(await ask.debtOf({ customer: 'ada' }, { after: paid.token })) // => 200
// #endregion

// #region as-of
const asOf = { streams: [order.stream('1')], at: 1 }
console.log((await project(backend.store, orders, asOf)).get('order:1')) // => { status: 'placed' }

const lastYear = new Date(Date.now() - 365 * 24 * 3600 * 1000)
console.log((await fold(backend.store, orderDecider, '1', { at: lastYear })).version) // => 0
// #endregion

// #region rebuild
const inEuros = projection({
  name: 'accounts',
  version: 2,
  events: [order, payment],
  key: accounts.key,
  initialState: () => ({ owesEuros: 0 }),
  evolve: {
    OrderPlaced: (account, { data }) => ({ owesEuros: account.owesEuros + data.cents / 100 }),
    PaymentReceived: (account, { data }) => ({ owesEuros: account.owesEuros - data.cents / 100 }),
  },
  // While this version is built, the documents of version 1 are read like this.
  earlier: { 1: (state) => ({ owesEuros: (state as Account).owesCents / 100 }) },
})

const model = readModel(backend.documents, inEuros)
console.log(await model.get('ada')) // => { owesEuros: 2 }
const { version } = await rebuildProjection(backend, inEuros, {
  onProgress: ({ passedEvents, remainingEvents, eventsPerSecond, remainingMs }) => {
    process.stderr.write(
      `${passedEvents} done, ${remainingEvents} to go, ${eventsPerSecond}/s, ${remainingMs} ms\n`,
    )
  },
})
console.log(version, await model.get('ada')) // => 2 { owesEuros: 2 }
// #endregion
