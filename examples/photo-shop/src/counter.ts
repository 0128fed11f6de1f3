import { EventStoreError } from '@eventspine/core'
import { orderOf } from './order.ts'
import type { Shop } from './open-shop.ts'

/** What a counter is to sell. */
export interface Shift {
  /** Names the run: streams and ids of one never meet those of another. */
  readonly run: string
  readonly seed: number
  readonly from: number
  readonly to: number
}

const ATTEMPTS = 20

/** Takes orders one after the other, each until it is acknowledged; `onOrder` is told of each. */
export async function sell(
  shop: Shop,
  { run, seed, from, to }: Shift,
  onOrder: (number: number) => void,
): Promise<void> {
  for (let number = from; number <= to; number++) {
    await place(shop, orderOf(run, seed, number))
    onOrder(number)
  }
}

async function place({ whole }: Shop, order: ReturnType<typeof orderOf>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await whole.stream.publish(order)
      return
    } catch (error) {
      // Sent again under the same id: the payload is there already, and the lab knows the order by it.
      const passes = EventStoreError.is(error) && (error.retryable || error.outcome === 'unknown')
      if (!passes || attempt === ATTEMPTS) throw error
    }
  }
}
