import { invalidArgument } from '@eventspine/core'

/** A version, from 0, or a time by the store's clock. */
export type AsOf = number | Date

/**
 * Up to where a stream is folded.
 *
 * A time ends it before the first event that was recorded later: clocks of servers can step back, and what is
 * shown must be a state that the stream was in.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT`: no version and no time.
 */
export class Horizon {
  /** For the read; `undefined`: all. */
  readonly to: number | undefined
  readonly #untilMs: number

  constructor(asOf: AsOf | undefined, field: string) {
    const isTime = asOf instanceof Date
    if (isTime && Number.isNaN(asOf.getTime())) throw invalidArgument(field, 'is not a time')
    this.to = isTime ? undefined : asOf
    this.#untilMs = isTime ? asOf.getTime() : Infinity
  }

  /** Whether the fold ends before this event. */
  isBefore(event: { readonly timestamp: string }): boolean {
    return this.#untilMs !== Infinity && Date.parse(event.timestamp) > this.#untilMs
  }
}
