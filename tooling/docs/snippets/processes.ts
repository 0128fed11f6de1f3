import { defineEvents } from '@eventspine/core'
import { commandHandler, decider, domainError, external, processManager, runProcess } from '@eventspine/cqrs'
import { FakeClock } from '@eventspine/cqrs/testing'
import { memory } from '@eventspine/memory'
import { z } from 'zod'

const DAY_MS = 86_400_000

const order = defineEvents('order', {
  OrderPlaced: z.object({ customer: z.string() }),
  OrderPaid: z.object({}),
  OrderCancelled: z.object({ reason: z.string() }),
})

type Command = { type: 'Place'; customer: string } | { type: 'Pay' } | { type: 'Cancel'; reason: string }

const orderDecider = decider({
  events: order,
  initialState: () => 'new',
  evolve: (_state, { type }) => type,
  decide: (command: Command, state) => {
    if (command.type === 'Place') return order.event('OrderPlaced', { customer: command.customer })
    if (state !== 'OrderPlaced') throw domainError('ORDER_CLOSED', 'the order is paid or cancelled')
    return command.type === 'Pay'
      ? order.event('OrderPaid', {})
      : order.event('OrderCancelled', { reason: command.reason })
  },
})

// #region define
interface Mail {
  text: string
}

const ofOrder = ({ streamId }: { streamId: string }) => streamId

const payments = processManager({
  name: 'payments',
  events: order,
  receivers: { order: orderDecider, mail: external<Mail>() },
  keys: { OrderPlaced: ofOrder, OrderPaid: ofOrder, OrderCancelled: ofOrder },
  initialState: () => ({ customer: '' }),
  react: {
    OrderPlaced: (_state, { data }) => ({
      state: { customer: data.customer },
      timeouts: [{ name: 'unpaid', inMs: 3 * DAY_MS }],
    }),
    OrderPaid: () => ({ end: true }),
    OrderCancelled: ({ customer }, { data }) => ({
      commands: [{ to: 'mail', stream: customer, command: { text: `cancelled: ${data.reason}` } }],
      end: true,
    }),
  },
  onTimeout: {
    unpaid: (_state, _timeout, { key }) => ({
      commands: [{ to: 'order', stream: key, command: { type: 'Cancel', reason: 'not paid' } }],
    }),
  },
  // It was paid in the very moment: the event says so.
  onRefused: () => undefined,
})
// #endregion

await using backend = memory()
const clock = new FakeClock()

// #region run
await using running = await runProcess(backend, payments, {
  external: {
    mail: (customer, { text }) => console.log(`to ${customer}: ${text}`), // => to ada: cancelled: not paid
  },
  clock: clock.now,
})

const handle = commandHandler(backend.store, orderDecider)
const { token } = await handle('1', { type: 'Place', customer: 'ada' })
await running.caughtUpTo(token)
clock.advance(3 * DAY_MS)
const { state, timeouts } = await running.ended(order.stream('1'))
console.log(state, timeouts) // => { customer: 'ada' } {}
// #endregion
