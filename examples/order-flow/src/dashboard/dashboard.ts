import type {
  DocumentStore,
  DomainEventOf,
  EventStream,
  HandlerContext,
  Subscription,
} from '@eventspine/core'
import { order } from '../order/order.ts'
import { addSales, countEvent, type Sales } from '../order/sales.ts'

const DASHBOARD_GROUP = 'dashboard'
const COLLECTION = 'order-dashboard'
const SALES = 'sales'

/** A killed process is missed after this. */
const LEASE_MS = 3000

/**
 * Keeps the sales as documents, one a partition, in a consumer group whose effects are exactly once: an event is
 * counted in the same batch that says it was handled. Counting is nothing that may happen twice.
 */
export async function keepSales(
  stream: EventStream,
  onEvent: (event: DomainEventOf<typeof order> & { readonly streamId: string }) => void = () => undefined,
): Promise<Subscription> {
  const count = async (
    event: DomainEventOf<typeof order> & { readonly streamId: string },
    { documents }: HandlerContext,
  ): Promise<void> => {
    const sales = (await documents.get<Sales>(COLLECTION, SALES)) ?? {}
    documents.put(COLLECTION, SALES, countEvent(sales, event))
    onEvent(event)
  }
  return await stream.subscribe({
    group: DASHBOARD_GROUP,
    effects: 'exactly-once',
    leaseMs: LEASE_MS,
    // All events of a partition have one document.
    concurrency: 1,
    handlers: order.handlers({
      OrderPlaced: count,
      OrderPaid: count,
      ShipmentDispatched: count,
      OrderCancelled: count,
    }),
  })
}

/** The sales as they stand in the documents. */
export async function readSales(documents: DocumentStore): Promise<Sales> {
  const collection = documents.collection<Sales>(COLLECTION)
  const parts = Array.from({ length: documents.partitions }, (_, partition) =>
    collection.get(SALES, { partition }),
  )
  return addSales((await Promise.all(parts)).map((document) => document?.value ?? {}))
}
