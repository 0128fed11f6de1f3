import { setTimeout as delay } from 'node:timers/promises'
import type { EventStore, EventStream, Subscription } from '@eventspine/core'
import { commandHandler, DomainError } from '@eventspine/cqrs'
import { order } from '../order/order.ts'
import { orderDecider } from '../order/order-decider.ts'

const SHIPPING_GROUP = 'shipping'

export interface ShippingCounts {
  readonly shipped: number
  /** Of the shipped ones: shipped before by a process that was killed before it could say so. */
  readonly repeated: number
  readonly cancelled: number
}

export interface ShippingOptions {
  readonly onShipped?: ((counts: ShippingCounts) => void) | undefined
  /** What packing takes, so that there is something to watch and to kill. Default 10. */
  readonly packingMs?: number | undefined
}

/**
 * Ships every order that was paid, as a consumer group: whatever is killed, a paid order is delivered here at least
 * once, and the command under the id of the payment happens once. So none is forgotten and none shipped twice.
 *
 * The customer may cancel at the same moment: the order's own rules decide which of both was first.
 */
export async function shipPaidOrders(
  stream: EventStream,
  store: EventStore,
  { onShipped = () => undefined, packingMs = 10 }: ShippingOptions = {},
): Promise<Subscription> {
  const handle = commandHandler(store, orderDecider)
  const counts = { shipped: 0, repeated: 0, cancelled: 0 }
  return await stream.subscribe({
    group: SHIPPING_GROUP,
    leaseMs: LEASE_MS,
    handlers: order.handlers({
      OrderPaid: async ({ id, streamId, metadata }, { signal }) => {
        await delay(packingMs, undefined, { signal })
        const { correlationId } = metadata
        try {
          const { repeated } = await handle(
            order.stream(streamId),
            { type: 'ShipOrder', parcel: `P-${id.slice(0, 8)}` },
            { id, signal, metadata: correlationId === undefined ? {} : { correlationId } },
          )
          counts.shipped++
          if (repeated) counts.repeated++
        } catch (error) {
          if (!DomainError.is(error, 'ORDER_CANCELLED')) throw error
          counts.cancelled++
        }
        onShipped(counts)
      },
    }),
  })
}

/** A killed process is missed after this. */
const LEASE_MS = 3000
