import { describe, expect, test } from 'vitest'
import { checkFlow, type CheckedEvent, type Evidence } from '../src/audit/check-flow.ts'
import { countEvent } from '../src/order/sales.ts'

type Bodies = {
  readonly [Type in CheckedEvent['type']]: Extract<CheckedEvent, { readonly type: Type }>['data']
}

/** One event of an order; its id says what it is. */
function event<Type extends CheckedEvent['type']>(
  order: string,
  streamPosition: number,
  type: Type,
  data: Bodies[Type],
  causationId = `command ${streamPosition} of ${order}`,
): CheckedEvent {
  const place = { id: `${order}-${streamPosition}`, streamId: `order:${order}`, streamPosition }
  // Type and data belong together by the parameters above.
  return { ...place, type, data, metadata: { causationId } } as CheckedEvent
}

const tea = [{ product: 'tea', quantity: 1, cents: 450 }]
const shippedOrder = [
  event('a', 1, 'OrderPlaced', { customer: 'ada', items: tea, totalCents: 450 }),
  event('a', 2, 'OrderPaid', { customer: 'ada', cents: 450 }),
  event('a', 3, 'ShipmentDispatched', { customer: 'ada', parcel: 'P' }, 'a-2'),
]
const cancelledOrder = [
  event('b', 1, 'OrderPlaced', { customer: 'bob', items: tea, totalCents: 450 }),
  event('b', 2, 'OrderPaid', { customer: 'bob', cents: 450 }),
  event('b', 3, 'OrderCancelled', { customer: 'bob', refundCents: 450 }),
]
const stored = [...shippedOrder, ...cancelledOrder]

function evidence(change: Partial<Evidence> = {}): Evidence {
  const events = change.stored ?? stored
  return {
    stored: events,
    streamed: events,
    accepted: events.filter(({ type }) => type !== 'ShipmentDispatched'),
    refused: new Set(['command 9 of a']),
    sales: events.reduce(countEvent, {}),
    ...change,
  }
}

function problems(change: Partial<Evidence>): readonly string[] {
  return checkFlow(evidence(change)).flatMap((check) => check.problems)
}

test('a flow in which all sides agree has no problem, and says what that means', () => {
  expect(checkFlow(evidence())).toEqual([
    { promise: '5 accepted events exactly once in the store, of 1 refused command nothing', problems: [] },
    { promise: '6 events of the store exactly once in the stream, in order', problems: [] },
    { promise: '1 order shipped once: all that were paid, but 1 cancelled in time', problems: [] },
    { promise: "the dashboard's totals are the fold of the store's events", problems: [] },
  ])
})

describe('found is', () => {
  test('an event that was accepted and is not in the store, or elsewhere', () => {
    const [first] = shippedOrder
    expect(problems({ accepted: [{ ...first, id: 'lost' } as CheckedEvent] })).toEqual([
      'OrderPlaced of order:a was accepted as event 1 and is not in the store',
    ])
    expect(problems({ accepted: [{ ...first, streamPosition: 2 } as CheckedEvent] })).toEqual([
      'OrderPlaced of order:a was accepted as event 2 and stands as event 1 of order:a',
    ])
  })

  test('a command that was refused and had an effect', () => {
    expect(problems({ refused: new Set(['command 2 of a']) })).toEqual([
      'OrderPaid of order:a was refused and is in the store',
    ])
  })

  test('an event that the stream lacks, has twice, or has of nobody', () => {
    expect(problems({ streamed: stored.slice(1) })).toEqual([
      'event 1 of order:a, OrderPlaced, is not in the stream',
    ])
    expect(problems({ streamed: [...stored, ...cancelledOrder.slice(2)] })).toEqual([
      'event 3 of order:b, OrderCancelled, is twice in the stream',
    ])
    const foreign = event('z', 1, 'OrderCancelled', { customer: 'zoe', refundCents: 0 })
    expect(problems({ streamed: [...stored, foreign] })).toEqual([
      'OrderCancelled of order:z is in the stream and not in the store',
    ])
  })

  test('a stream that has events of an order in another order', () => {
    expect(problems({ streamed: stored.toReversed() })).toEqual([
      'events of order:a stand in the stream as 3, 2, 1',
      'events of order:b stand in the stream as 3, 2, 1',
    ])
  })

  test('a paid order that was forgotten', () => {
    expect(problems({ stored: shippedOrder.slice(0, 2) })).toEqual(['order:a was paid and never shipped'])
  })

  test('an order that was shipped twice', () => {
    const again = event('a', 4, 'ShipmentDispatched', { customer: 'ada', parcel: 'P' }, 'a-2')
    expect(problems({ stored: [...shippedOrder, again] })).toEqual(['order:a was shipped twice'])
  })

  test('an order that was shipped though nobody paid, or though it was cancelled', () => {
    expect(problems({ stored: shippedOrder.filter(({ type }) => type !== 'OrderPaid') })).toEqual([
      'order:a was shipped and never paid',
    ])
    const late = event('b', 4, 'ShipmentDispatched', { customer: 'bob', parcel: 'P' }, 'b-2')
    expect(problems({ stored: [...cancelledOrder, late] })).toEqual(['order:b was cancelled and shipped'])
  })

  test('a shipment that its payment did not cause', () => {
    const odd = event('a', 3, 'ShipmentDispatched', { customer: 'ada', parcel: 'P' }, 'somebody')
    expect(problems({ stored: [...shippedOrder.slice(0, 2), odd] })).toEqual([
      'order:a was not shipped because of its payment',
    ])
  })

  test('a dashboard that counted an event twice, or one not', () => {
    expect(problems({ sales: [...stored, ...shippedOrder.slice(1, 2)].reduce(countEvent, {}) })).toEqual([
      'of ada the dashboard shows 1 placed, 2 paid, 1 shipped, 0 cancelled, 9.00; ' +
        'the events say 1 placed, 1 paid, 1 shipped, 0 cancelled, 4.50',
    ])
    expect(problems({ sales: shippedOrder.reduce(countEvent, {}) })).toEqual([
      'of bob the dashboard shows 0 placed, 0 paid, 0 shipped, 0 cancelled, 0.00; ' +
        'the events say 1 placed, 1 paid, 0 shipped, 1 cancelled, 0.00',
    ])
  })
})
