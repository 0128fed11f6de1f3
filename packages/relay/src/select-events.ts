import { asDelivered, EventStoreError } from '@eventspine/core'
import type { RecordedEvent, RelayEvent } from '@eventspine/core'
import type { CheckedOptions } from './relay-options.ts'

/**
 * The events that go on, with what changes of them.
 *
 * @throws an EventStoreError `CONSUMER_STOPPED` when `filter` or `map` fails: to pass over the event would lose it.
 */
export function selectEvents(
  events: readonly RecordedEvent[],
  { filter, map }: Pick<CheckedOptions, 'filter' | 'map'>,
): readonly RelayEvent[] {
  if (filter === undefined && map === undefined) return events.map((event) => ({ event, change: undefined }))
  const selected: RelayEvent[] = []
  for (const event of events) {
    // As a subscriber would get it: what was published has no prefix then.
    const known = asDelivered(event)
    try {
      if (filter !== undefined && !settled(filter(known), 'filter')) continue
      selected.push({ event, change: settled(map?.(known), 'map') })
    } catch (error) {
      throw new EventStoreError(
        'CONSUMER_STOPPED',
        `the relay's filter or map failed: event ${event.id} of type ${event.type} at position ${event.position}`,
        { cause: error },
      )
    }
  }
  return selected
}

/** A promise would pass for `true`, and for a change of nothing: what must not leave the store would leave it. */
function settled<Value>(value: Value, name: string): Value {
  if (value instanceof Promise) throw new TypeError(`${name} returned a promise; it must not wait`)
  return value
}
