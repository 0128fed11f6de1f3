import { redis } from '@eventspine/redis'
import type { EventStore } from '@eventspine/core'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { appendSession } from '../workload/append-session.ts'
import { orderEvent } from '../workload/order-event.ts'
import type { StoredStream } from '../workload/owned-streams.ts'
import { openSliceClient } from './slice-client.ts'

export interface OurOptions {
  readonly eventsPerAppend: number
  readonly partitions?: number
  readonly feed?: 'reference' | 'body'
  /** Through a client of the user's that sends commands again by itself, as ioredis does by default. */
  readonly resending?: boolean
}

/** The store that users hold, all laws on, over one connection. */
export function ourCandidate(
  name: string,
  serverUrl: string,
  { eventsPerAppend, partitions = 1, feed = 'reference', resending = false }: OurOptions,
): Candidate {
  return {
    name,
    async open(concurrency) {
      const client = await openSliceClient(serverUrl)
      const options = { create: true, partitions, feed }
      const backend = await (resending ? redis({ client, ...options }) : redis.connect(serverUrl, options))
      const appender = {
        async append({ id, version }: { id: string; version: number }, firstNumber: number, count: number) {
          const events = Array.from({ length: count }, (_, index) => orderEvent(firstNumber + index))
          await backend.store.append(id, events, { expectedVersion: version })
        },
        stored: () => storedStreams(backend.store),
        async close() {
          await backend.close()
          client.disconnect()
        },
      }
      return localSession(appendSession(appender, concurrency, eventsPerAppend))
    },
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
