import type { EventStore, PlainEvent } from '@eventspine/core'

/** What two runs of the same history must agree on: all but place in the feed and the store's clock. */
export type RecordedStreams = ReadonlyMap<string, readonly Omit<PlainEvent, 'position' | 'timestamp'>[]>

/** All events of a store by stream, read from its feed. */
export async function recordedStreams(store: EventStore): Promise<RecordedStreams> {
  const streams = new Map<string, Omit<PlainEvent, 'position' | 'timestamp'>[]>()
  for (let partition = 0; partition < store.partitions; partition++) {
    for await (const page of store.feed({ partition }).pages()) {
      for (const event of page) {
        const { position: _position, timestamp: _timestamp, ...rest } = event.toJSON()
        const stream = streams.get(event.streamId)
        if (stream === undefined) streams.set(event.streamId, [rest])
        else stream.push(rest)
      }
    }
  }
  return new Map(Array.from(streams).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** The streams with the events' types: a history at a glance. */
export function typesOf(streams: RecordedStreams): Record<string, readonly string[]> {
  return Object.fromEntries(
    Array.from(streams, ([streamId, events]) => [streamId, events.map(({ type }) => type)]),
  )
}
