import type { DomainEventOf } from '@eventspine/core'
import { DomainError } from '@eventspine/cqrs'
import { describe, expect, test } from 'vitest'
import type { order } from '../src/order/order.ts'
import { type Order, type OrderCommand, orderDecider } from '../src/order/order-decider.ts'

type Event = DomainEventOf<typeof order>

const items = [
  { product: 'tea', quantity: 2, cents: 450 },
  { product: 'lamp', quantity: 1, cents: 3999 },
]
const placed: Event = { type: 'OrderPlaced', data: { customer: 'ada', items, totalCents: 4899 } }
const paid: Event = { type: 'OrderPaid', data: { customer: 'ada', cents: 4899 } }
const shipped: Event = { type: 'ShipmentDispatched', data: { customer: 'ada', parcel: 'P-1' } }
const cancelled: Event = { type: 'OrderCancelled', data: { customer: 'ada', refundCents: 0 } }

const place: OrderCommand = { type: 'PlaceOrder', customer: 'ada', items }
const pay: OrderCommand = { type: 'PayOrder', cents: 4899 }
const ship: OrderCommand = { type: 'ShipOrder', parcel: 'P-1' }
const cancel: OrderCommand = { type: 'CancelOrder' }

function stateAfter(events: readonly Event[]): Order {
  return events.reduce<Order>(orderDecider.evolve, orderDecider.initialState())
}

function decide(given: readonly Event[], command: OrderCommand): unknown {
  return orderDecider.decide(command, stateAfter(given))
}

function refusal(given: readonly Event[], command: OrderCommand): string | undefined {
  try {
    decide(given, command)
  } catch (error) {
    if (!DomainError.is(error)) throw error
    return error.code
  }
  return undefined
}

describe('an order', () => {
  test('is placed, paid and shipped', () => {
    expect(decide([], place)).toMatchObject(placed)
    expect(decide([placed], pay)).toMatchObject(paid)
    expect(decide([placed, paid], ship)).toMatchObject(shipped)
    expect(stateAfter([placed, paid, shipped])).toEqual({
      status: 'shipped',
      customer: 'ada',
      totalCents: 4899,
    })
  })

  test('that is cancelled before it is shipped gives back what was paid', () => {
    expect(decide([placed], cancel)).toMatchObject(cancelled)
    expect(decide([placed, paid], cancel)).toMatchObject({ data: { refundCents: 4899 } })
  })
})

describe('refused', () => {
  test('is everything on an order that is unknown, cancelled or on its way', () => {
    for (const command of [pay, ship, cancel]) {
      expect(refusal([], command)).toBe('ORDER_NOT_FOUND')
      expect(refusal([placed, cancelled], command)).toBe('ORDER_CANCELLED')
      expect(refusal([placed, paid, shipped], command)).toBe('ORDER_SHIPPED')
    }
  })

  test('is to place, or to pay, twice', () => {
    expect(refusal([placed], place)).toBe('ORDER_PLACED')
    expect(refusal([placed, cancelled], place)).toBe('ORDER_PLACED')
    expect(refusal([placed, paid], pay)).toBe('ORDER_PAID')
  })

  test('is to pay another amount, and to ship what is not paid', () => {
    expect(refusal([placed], { type: 'PayOrder', cents: 4900 })).toBe('AMOUNT_WRONG')
    expect(refusal([placed], ship)).toBe('ORDER_NOT_PAID')
  })

  test.each([
    ['nobody', { customer: ' ' }, 'CUSTOMER_MISSING'],
    ['nothing', { items: [] }, 'BASKET_EMPTY'],
    ['no product', { items: [{ product: '', quantity: 1, cents: 1 }] }, 'PRODUCT_MISSING'],
    ['none of it', { items: [{ product: 'tea', quantity: 0, cents: 1 }] }, 'QUANTITY_WRONG'],
    ['half of it', { items: [{ product: 'tea', quantity: 0.5, cents: 1 }] }, 'QUANTITY_WRONG'],
    ['a gift', { items: [{ product: 'tea', quantity: 1, cents: 0 }] }, 'PRICE_WRONG'],
    ['too much', { items: [{ product: 'tea', quantity: 2 ** 30, cents: 2 ** 30 }] }, 'ORDER_TOO_LARGE'],
  ])('is an order of %s', (_what, change, code) => {
    expect(refusal([], { type: 'PlaceOrder', customer: 'ada', items, ...change })).toBe(code)
  })
})
