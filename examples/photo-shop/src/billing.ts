import type { Subscription } from '@eventspine/core'
import type { Shop } from './open-shop.ts'
import type { OrderFacts } from './prints.ts'

/** What was billed, by order. */
export type Bills = Map<string, number>

/**
 * Bills what is ordered. It reads the stream as it is, metadata alone: not one photo is loaded for it, and it runs on
 * when the store of the payloads is down.
 */
export async function openBilling({ bare }: Shop, group: string, bills: Bills): Promise<Subscription> {
  return await bare.stream.subscribe({
    group,
    handlers: ({ type, id, metadata }) => {
      // Not by the contract: that would look into the data. What else is in a store is not for billing.
      if (type !== 'PrintsOrdered') return
      // Sound: what `orderOf` has written. Said twice, it is one bill.
      bills.set(id, (metadata as unknown as OrderFacts).cents)
    },
  })
}
