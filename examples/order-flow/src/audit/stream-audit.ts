import type { EventStream, Subscription } from '@eventspine/core'
import { order } from '../order/order.ts'
import type { OrderEvent } from './store-audit.ts'

/** All orders' events of a stream, in the order in which they stand there. */
export class StreamAudit implements AsyncDisposable {
  readonly events: OrderEvent[] = []
  readonly #subscription: Subscription

  private constructor(subscription: Subscription, events: OrderEvent[]) {
    this.#subscription = subscription
    this.events = events
  }

  /** Reads along from the stream's start, as one more group, which nobody kills. */
  static async start(stream: EventStream, group: string): Promise<StreamAudit> {
    const events: OrderEvent[] = []
    const seen = new Set<string>()
    const subscription = await stream.subscribe({
      group,
      concurrency: 1,
      handlers: (event) => {
        // Delivered again, as a group may be, it stands at the same place: that is no second event.
        if (!order.is(event) || seen.has(event.position)) return
        seen.add(event.position)
        events.push(event)
      },
    })
    return new StreamAudit(subscription, events)
  }

  /** Events that the stream holds and this has not read. */
  async behind(): Promise<number> {
    return (await this.#subscription.lag()).reduce((sum, { events }) => sum + events, 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#subscription.stop()
  }
}
