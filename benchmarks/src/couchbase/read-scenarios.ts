import { couchbase } from '@eventspine/couchbase'
import { ownKeyPrefix } from '@eventspine/servers'
import type { Collection } from 'couchbase'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import type { Scenario } from '../target.ts'
import { fillMingled, fillStream } from '../workload/fill.ts'
import type { OrderData } from '../workload/order-event.ts'
import { type Pass, readSession } from '../workload/read-session.ts'
import { readPages, type Touch, touchData, touchType } from '../workload/reads.ts'
import { openBareCollection } from './bare-collection.ts'
import { eventDocument, keyOf } from './raw-appenders.ts'

const STREAM_EVENTS = 1000
const FEED_STREAMS = 200
const FEED_EVENTS_EACH = 50
const FEED_EVENTS = FEED_STREAMS * FEED_EVENTS_EACH
const GETS_IN_FLIGHT = 64
const STREAM = 'cart:read'

/** See its question. */
export function streamReads(serverUrl: string): Scenario {
  return {
    name: 'read-stream',
    question: 'How fast is a stream of 1,000 events read, beside a get an event?',
    async run(context) {
      const bare = await openBareCollection(serverUrl)
      await fillBare(bare.collection, bare.prefix, STREAM_EVENTS)
      await using backend = await couchbase.connect(ownKeyPrefix(serverUrl).url, { create: true })
      for (const [id, events] of [
        ['cart:ones', 1],
        ['cart:tens', 10],
        ['cart:twenties', 20],
      ] as const)
        await fillStream(backend, id, { events: STREAM_EVENTS, eventsPerCommit: events })
      const ours = (name: string, id: string, touch: Touch) =>
        reading(name, STREAM_EVENTS, () => readPages(backend.store.read(id).pages(), touch))
      await context.compare({
        title: `read a stream of ${STREAM_EVENTS} events`,
        concurrency: 1,
        base: `get an event, ${GETS_IN_FLIGHT} in flight`,
        candidates: [
          reading(`get an event, ${GETS_IN_FLIGHT} in flight`, STREAM_EVENTS, () =>
            getEach(bare.collection, bare.prefix, STREAM_EVENTS),
          ),
          ours('Eventspine, commits of 1, every data read', 'cart:ones', touchData),
          ours('Eventspine, commits of 10, every data read', 'cart:tens', touchData),
          ours('Eventspine, commits of 20, every data read', 'cart:twenties', touchData),
          ours('Eventspine, commits of 20, type looked at', 'cart:twenties', touchType),
        ],
      })
      await bare.close()
    },
  }
}

/** See its question. */
export function feedReads(serverUrl: string): Scenario {
  return {
    name: 'read-feed',
    question: 'How fast is a feed of settled pages read, beside a get an entry?',
    async run(context) {
      const bare = await openBareCollection(serverUrl)
      await fillBare(bare.collection, bare.prefix, FEED_EVENTS)
      await using backend = await couchbase.connect(ownKeyPrefix(serverUrl).url, { create: true })
      await fillMingled(backend, { streams: FEED_STREAMS, eventsEach: FEED_EVENTS_EACH })
      const ours = (name: string, touch: Touch) =>
        reading(name, FEED_EVENTS, () => readPages(backend.store.feed().pages(), touch))
      await context.compare({
        title: `read a feed of ${FEED_EVENTS} events, appended 64 at once`,
        concurrency: 1,
        base: `get an entry, ${GETS_IN_FLIGHT} in flight`,
        candidates: [
          reading(`get an entry, ${GETS_IN_FLIGHT} in flight`, FEED_EVENTS, () =>
            getEach(bare.collection, bare.prefix, FEED_EVENTS),
          ),
          ours('Eventspine, type looked at', touchType),
          ours('Eventspine, every data read', touchData),
        ],
      })
      await bare.close()
    },
  }
}

function reading(name: string, events: number, read: () => Promise<Pass>): Candidate {
  return { name, open: async () => localSession(readSession(events, read)) }
}

async function fillBare(collection: Collection, prefix: string, events: number): Promise<void> {
  await inFlight(events, async (number) => {
    await collection.insert(keyOf(prefix, STREAM, number), eventDocument(number))
  })
}

async function getEach(collection: Collection, prefix: string, events: number): Promise<Pass> {
  let sum = 0
  await inFlight(events, async (number) => {
    const { content } = await collection.get(keyOf(prefix, STREAM, number))
    // What this scenario itself has written.
    sum += (content as { data: OrderData }).data.totalCents
  })
  return { events, sum }
}

async function inFlight(count: number, work: (number: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: GETS_IN_FLIGHT }, worker))
}
