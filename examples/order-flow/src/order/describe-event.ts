import type { DomainEventOf } from '@eventspine/core'
import { formatMoney } from './money.ts'
import type { order } from './order.ts'

/** One line for people. */
export function describeEvent(event: DomainEventOf<typeof order> & { readonly streamId: string }): string {
  const { streamId, data } = event
  return `${streamId.padEnd(22)} ${data.customer.padEnd(8)} ${whatHappened(event)}`
}

function whatHappened(event: DomainEventOf<typeof order>): string {
  switch (event.type) {
    case 'OrderPlaced': {
      const pieces = event.data.items.map(({ product, quantity }) => `${quantity} × ${product}`)
      return `placed: ${pieces.join(', ')}`
    }
    case 'OrderPaid':
      return `paid ${formatMoney(event.data.cents)}`
    case 'ShipmentDispatched':
      return `shipped as ${event.data.parcel}`
    case 'OrderCancelled':
      return event.data.refundCents === 0
        ? 'cancelled'
        : `cancelled, ${formatMoney(event.data.refundCents)} back`
  }
}
