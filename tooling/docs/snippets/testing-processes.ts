import { defineEvents } from '@eventspine/core'
import { external, processManager } from '@eventspine/cqrs'
import { given, on, refused, timeout } from '@eventspine/cqrs/testing'
import { z } from 'zod'

// #region process
const order = defineEvents('order', {
  OrderPlaced: z.object({ cents: z.number() }),
  OrderPaid: z.object({}),
})

interface Payment {
  readonly type: 'Charge' | 'Remind'
  readonly cents: number
}

const payments = processManager({
  name: 'payments',
  events: order,
  receivers: { payment: external<Payment>() },
  keys: { OrderPlaced: ({ streamId }) => streamId, OrderPaid: ({ streamId }) => streamId },
  initialState: () => ({ cents: 0 }),
  react: {
    OrderPlaced: (_state, { data }, { key }) => ({
      state: { cents: data.cents },
      commands: [{ to: 'payment', stream: key, command: { type: 'Charge', cents: data.cents } }],
      timeouts: [{ name: 'unpaid', inMs: 86_400_000 }],
    }),
    OrderPaid: () => ({ end: true }),
  },
  onTimeout: {
    unpaid: ({ cents }, _timeout, { key }) => ({
      commands: [{ to: 'payment', stream: key, command: { type: 'Remind', cents } }],
    }),
  },
  onRefused: () => ({ end: true }),
})

const placed = on(order.stream('1'), order.event('OrderPlaced', { cents: 900 }))
const charge = { to: 'payment', stream: 'order:1', command: { type: 'Charge', cents: 900 } } as const

await given(payments)
  .when(placed)
  .then({ commands: [charge], timeouts: [{ name: 'unpaid', inMs: 86_400_000 }] })

await given(payments, placed)
  .when(timeout('unpaid'))
  .then({ commands: [{ to: 'payment', stream: 'order:1', command: { type: 'Remind', cents: 900 } }] })

await given(payments, placed).when(refused(charge, 'CARD_EXPIRED')).then({ end: true })

await given(payments, placed, refused(charge, 'CARD_EXPIRED'))
  .when(on(order.stream('1'), order.event('OrderPaid', {})))
  .then({})
console.log('an ended process takes nothing in') // => an ended process takes nothing in
// #endregion
