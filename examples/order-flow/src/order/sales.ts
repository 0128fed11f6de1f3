import type { DomainEventOf } from '@eventspine/core'
import type { order } from './order.ts'

/** What is known of a customer's orders. */
export interface CustomerSales {
  readonly placed: number
  readonly paid: number
  readonly shipped: number
  readonly cancelled: number
  /** Paid, less what was given back. */
  readonly cents: number
}

/** By customer. */
export type Sales = Readonly<Record<string, CustomerSales>>

export const noSales: CustomerSales = { placed: 0, paid: 0, shipped: 0, cancelled: 0, cents: 0 }

/** The next state of the sales. An event counted twice, or not at all, shows: nothing here forgives it. */
export function countEvent(sales: Sales, event: DomainEventOf<typeof order>): Sales {
  const { customer } = event.data
  return { ...sales, [customer]: counted(sales[customer] ?? noSales, event) }
}

function counted(sales: CustomerSales, event: DomainEventOf<typeof order>): CustomerSales {
  switch (event.type) {
    case 'OrderPlaced':
      return { ...sales, placed: sales.placed + 1 }
    case 'OrderPaid':
      return { ...sales, paid: sales.paid + 1, cents: sales.cents + event.data.cents }
    case 'ShipmentDispatched':
      return { ...sales, shipped: sales.shipped + 1 }
    case 'OrderCancelled':
      return { ...sales, cancelled: sales.cancelled + 1, cents: sales.cents - event.data.refundCents }
  }
}

/** Sums up, customer by customer. */
export function addSales(parts: readonly Sales[]): Sales {
  const all: Record<string, CustomerSales> = {}
  for (const part of parts) {
    for (const [customer, sales] of Object.entries(part))
      all[customer] = sum([all[customer] ?? noSales, sales])
  }
  return all
}

/** All customers together. */
export function totalSales(sales: Sales): CustomerSales {
  return sum(Object.values(sales))
}

function sum(parts: readonly CustomerSales[]): CustomerSales {
  return parts.reduce(
    (all, one) => ({
      placed: all.placed + one.placed,
      paid: all.paid + one.paid,
      shipped: all.shipped + one.shipped,
      cancelled: all.cancelled + one.cancelled,
      cents: all.cents + one.cents,
    }),
    noSales,
  )
}
