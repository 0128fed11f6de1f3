import { defineEvents } from '@eventspine/core'
import { z } from 'zod'

const cents = z.number().int().positive()
const customer = z.string().min(1)

/**
 * What can happen to an order. Events carry what their readers need, such as the customer, so that no reader has to
 * ask the order service. Money is whole cents.
 */
export const order = defineEvents('order', {
  OrderPlaced: z.object({
    customer,
    items: z
      .array(z.object({ product: z.string().min(1), quantity: z.number().int().positive(), cents }))
      .min(1),
    totalCents: cents,
  }),
  OrderPaid: z.object({ customer, cents }),
  ShipmentDispatched: z.object({ customer, parcel: z.string().min(1) }),
  OrderCancelled: z.object({ customer, refundCents: z.number().int().nonnegative() }),
})
