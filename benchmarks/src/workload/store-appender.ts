import type { EventStore } from '@eventspine/core'
import type { Appender } from './append-session.ts'
import { orderEvent } from './order-event.ts'
import type { StoredStream } from './owned-streams.ts'

/** Appends as users do, with every law on, at the version that each stream is at. */
export function storeAppender(store: EventStore, close: () => Promise<void>): Appender {
  return {
    async append({ id, version }, firstNumber, count) {
      const events = Array.from({ length: count }, (_, index) => orderEvent(firstNumber + index))
      await store.append(id, events, { expectedVersion: version })
    },
    stored: () => storedStreams(store),
    close,
  }
}

/** What the feed tells of the streams: an event that is missing there is as lost as one that is not stored. */
async function storedStreams(store: EventStore): Promise<readonly StoredStream[]> {
  const found = new Map<string, { events: number; lastVersion: number }>()
  for (let partition = 0; partition < store.partitions; partition++) {
    for await (const page of store.feed({ partition }).pages()) {
      for (const { streamId, streamPosition } of page) {
        const stream = found.get(streamId) ?? { events: 0, lastVersion: 0 }
        stream.events++
        stream.lastVersion = streamPosition
        found.set(streamId, stream)
      }
    }
  }
  return Array.from(found, ([id, stream]) => ({ id, ...stream }))
}
