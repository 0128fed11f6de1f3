import type { RecordedEvent } from './event.ts'
import { asKnown } from './recorded-event.ts'

/** Where published events are kept: never in an aggregate's stream, whose names cannot start with `$`. */
export const PUBLISHED_PREFIX = '$published:'

/** The event as a subscriber gets it. */
export function asDelivered(event: RecordedEvent): RecordedEvent {
  return asKnown(event, PUBLISHED_PREFIX)
}
