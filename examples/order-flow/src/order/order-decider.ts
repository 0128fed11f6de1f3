import { decider, domainError } from '@eventspine/cqrs'
import { formatMoney } from './money.ts'
import { order } from './order.ts'

export interface Order {
  readonly status: 'unknown' | 'placed' | 'paid' | 'shipped' | 'cancelled'
  readonly customer: string
  readonly totalCents: number
}

export interface OrderItem {
  readonly product: string
  readonly quantity: number
  /** Of one piece. */
  readonly cents: number
}

export type OrderCommand =
  | { readonly type: 'PlaceOrder'; readonly customer: string; readonly items: readonly OrderItem[] }
  | { readonly type: 'PayOrder'; readonly cents: number }
  | { readonly type: 'ShipOrder'; readonly parcel: string }
  | { readonly type: 'CancelOrder' }

/** The rules of an order: placed, paid, shipped; or cancelled before it is shipped. */
export const orderDecider = decider({
  events: order,

  initialState: (): Order => ({ status: 'unknown', customer: '', totalCents: 0 }),

  evolve: (state, event) => {
    switch (event.type) {
      case 'OrderPlaced':
        return { status: 'placed', customer: event.data.customer, totalCents: event.data.totalCents }
      case 'OrderPaid':
        return { ...state, status: 'paid' }
      case 'ShipmentDispatched':
        return { ...state, status: 'shipped' }
      case 'OrderCancelled':
        return { ...state, status: 'cancelled' }
    }
  },

  decide: (command: OrderCommand, state) => {
    if (command.type === 'PlaceOrder') return place(command, state)
    const { status, customer, totalCents } = state
    if (status === 'unknown') throw domainError('ORDER_NOT_FOUND', 'there is no such order')
    if (status === 'cancelled') throw domainError('ORDER_CANCELLED', 'the order is cancelled')
    if (status === 'shipped') throw domainError('ORDER_SHIPPED', 'the order is on its way')
    switch (command.type) {
      case 'PayOrder':
        if (status === 'paid') throw domainError('ORDER_PAID', 'the order is paid')
        if (command.cents !== totalCents)
          throw domainError('AMOUNT_WRONG', `the order costs ${formatMoney(totalCents)}`, { totalCents })
        return order.event('OrderPaid', { customer, cents: command.cents })

      case 'ShipOrder':
        if (status !== 'paid') throw domainError('ORDER_NOT_PAID', 'the order is not paid')
        return order.event('ShipmentDispatched', { customer, parcel: command.parcel })

      case 'CancelOrder':
        return order.event('OrderCancelled', { customer, refundCents: status === 'paid' ? totalCents : 0 })
    }
  },
})

function place({ customer, items }: Extract<OrderCommand, { type: 'PlaceOrder' }>, { status }: Order) {
  if (status !== 'unknown') throw domainError('ORDER_PLACED', 'an order is placed once')
  if (customer.trim() === '') throw domainError('CUSTOMER_MISSING', 'an order needs a customer')
  if (items.length === 0) throw domainError('BASKET_EMPTY', 'there is nothing in the basket')
  for (const { product, quantity, cents } of items) {
    if (product.trim() === '') throw domainError('PRODUCT_MISSING', 'an item needs a product')
    if (!isCount(quantity)) throw domainError('QUANTITY_WRONG', 'a quantity is a whole number from 1')
    if (!isCount(cents)) throw domainError('PRICE_WRONG', 'a price is whole cents, more than none')
  }
  const totalCents = items.reduce((sum, { quantity, cents }) => sum + quantity * cents, 0)
  if (!isCount(totalCents)) throw domainError('ORDER_TOO_LARGE', 'nobody can pay that much')
  return order.event('OrderPlaced', { customer, items: [...items], totalCents })
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0
}
