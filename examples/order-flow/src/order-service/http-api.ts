import type { OrderItem } from '../order/order-decider.ts'

/** What a customer can ask of an order: `POST /orders/ID` with one of these, under an `Idempotency-Key`. */
export type CustomerCommand =
  | { readonly type: 'PlaceOrder'; readonly customer: string; readonly items: readonly OrderItem[] }
  | { readonly type: 'PayOrder'; readonly cents: number }
  | { readonly type: 'CancelOrder' }

/** 200: it happened, now or when it was sent before. */
export interface Accepted {
  readonly events: readonly AcceptedEvent[]
  /** It had happened already: this is the first answer again. */
  readonly repeated: boolean
}

export interface AcceptedEvent {
  readonly id: string
  readonly type: string
  readonly streamId: string
  readonly streamPosition: number
}

/** 422: the rules refuse it, and nothing happened. Any other status: send it again under the same key. */
export interface Refused {
  readonly code: string
  readonly message: string
}
