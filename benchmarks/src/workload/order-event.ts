import type { NewEvent } from '@eventspine/core'

/** The type of every event of the workloads. */
export const ORDER_PLACED = 'OrderPlaced'

export interface OrderData {
  readonly orderId: string
  readonly customerId: string
  readonly totalCents: number
  readonly items: readonly { readonly sku: string; readonly quantity: number; readonly cents: number }[]
  readonly shipping: { readonly city: string; readonly country: string; readonly express: boolean }
}

// A type and no interface: only so it counts as a record of whatever the user likes.
export type OrderMetadata = {
  readonly correlationId: string
  readonly causationId: string
  readonly userId: string
  readonly ts: number
}

/** 239 bytes of JSON, of every number: a wider one must not make a longer event. */
export function orderData(number: number): OrderData {
  const digits = eightDigits(number)
  return {
    orderId: `order-${digits}`,
    customerId: `customer-${digits}`,
    totalCents: 12_990,
    items: [
      { sku: 'KEYBOARD', quantity: 1, cents: 8990 },
      { sku: 'MOUSE-2', quantity: 2, cents: 2000 },
    ],
    shipping: { city: 'Hamburg', country: 'DE', express: true },
  }
}

/** 112 bytes of JSON. */
export function orderMetadata(number: number): OrderMetadata {
  const digits = eightDigits(number)
  return {
    correlationId: `request-${digits}`,
    causationId: `append-${digits}`,
    userId: `user-${digits}`,
    ts: 1_763_700_000_000,
  }
}

/** An event as users append it. */
export function orderEvent(number: number): NewEvent<typeof ORDER_PLACED, OrderData> {
  return { type: ORDER_PLACED, data: orderData(number), metadata: orderMetadata(number) }
}

function eightDigits(number: number): string {
  return String(number % 100_000_000).padStart(8, '0')
}
