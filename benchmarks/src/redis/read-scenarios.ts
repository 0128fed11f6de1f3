import { type Backend } from '@eventspine/core'
import { redis } from '@eventspine/redis'
import type { Redis } from 'ioredis'
import { localSession } from '../harness/session.ts'
import type { Candidate } from '../harness/compare.ts'
import type { Scenario } from '../target.ts'
import { fillMingled, fillStream } from '../workload/fill.ts'
import { type Pass, readSession } from '../workload/read-session.ts'
import { readPages, type Touch, touchAll, touchData, touchType } from '../workload/reads.ts'
import { eventFields, packedEvent } from './raw-appenders.ts'
import { readAttributes, readPacked } from './raw-readers.ts'
import { openSliceClient } from './slice-client.ts'

const PAGE = 1000
const STREAM_EVENTS = 1000
const FEED_STREAMS = 1000
const FEED_EVENTS_EACH = 100
const FEED_EVENTS = FEED_STREAMS * FEED_EVENTS_EACH
const touches: readonly (readonly [string, Touch])[] = [
  ['type looked at', touchType],
  ['every data read', touchData],
  ['data and metadata read', touchAll],
]

/** See its question. */
export function streamReads(serverUrl: string): Scenario {
  return {
    name: 'read-stream',
    question: 'How fast is a stream of 1,000 events read, by what is read of each?',
    async run(context) {
      const client = await openSliceClient(serverUrl)
      const backend = await redis({ client, create: true })
      await fillRaw(client, STREAM_EVENTS)
      for (const [id, events] of [
        ['cart:ones', 1],
        ['cart:tens', 10],
      ] as const) {
        await fillStream(backend, id, { events: STREAM_EVENTS, eventsPerCommit: events })
      }
      const ours = (id: string, touch: Touch) => () => readPages(backend.store.read(id).pages(), touch)
      for (const concurrency of [1, 16]) {
        await context.compare({
          title: `read a stream of ${STREAM_EVENTS} events, ${concurrency} in flight`,
          concurrency,
          base: 'XRANGE, a field an attribute',
          candidates: [
            reading('XRANGE, a field an attribute', STREAM_EVENTS, () =>
              readAttributes(client, 'raw:fields', PAGE),
            ),
            reading('XRANGE, one packed field', STREAM_EVENTS, () => readPacked(client, 'raw:packed', PAGE)),
            ...touches.map(([name, touch]) =>
              reading(`Eventspine, ${name}`, STREAM_EVENTS, ours('cart:ones', touch)),
            ),
            reading('Eventspine, commits of 10, data read', STREAM_EVENTS, ours('cart:tens', touchData)),
          ],
        })
      }
      await backend.close()
      client.disconnect()
    },
  }
}

/** See its question. */
export function feedReads(serverUrl: string): Scenario {
  return {
    name: 'read-feed',
    question: 'How fast is a whole feed read in pages of 1,000?',
    async run(context) {
      const client = await openSliceClient(serverUrl)
      const references = await redis({ client, create: true, prefix: 'reference' })
      const bodies = await redis({ client, create: true, prefix: 'body', feed: 'body' })
      await fillRaw(client, FEED_EVENTS)
      for (const backend of [references, bodies])
        await fillMingled(backend, { streams: FEED_STREAMS, eventsEach: FEED_EVENTS_EACH })
      const ours = (backend: Backend, touch: Touch) => () =>
        readPages(backend.store.feed({ pageSize: PAGE }).pages(), touch)
      await context.compare({
        title: `read a feed of ${FEED_EVENTS} events`,
        concurrency: 1,
        base: 'XRANGE, one packed field',
        candidates: [
          reading('XRANGE, one packed field', FEED_EVENTS, () => readPacked(client, 'raw:packed', PAGE)),
          reading('XRANGE, a field an attribute', FEED_EVENTS, () =>
            readAttributes(client, 'raw:fields', PAGE),
          ),
          ...touches.map(([name, touch]) =>
            reading(`Eventspine, ${name}`, FEED_EVENTS, ours(references, touch)),
          ),
          ...touches.map(([name, touch]) =>
            reading(`Eventspine, body in the feed, ${name}`, FEED_EVENTS, ours(bodies, touch)),
          ),
        ],
      })
      for (const backend of [references, bodies]) await backend.close()
      client.disconnect()
    },
  }
}

function reading(name: string, events: number, read: () => Promise<Pass>): Candidate {
  return { name, open: async () => localSession(readSession(events, read)) }
}

/** Two plain streams of the same events: packed in one field, and with a field an attribute. */
async function fillRaw(client: Redis, events: number): Promise<void> {
  for (let first = 0; first < events; first += PAGE) {
    const pipeline = client.pipeline()
    for (let number = first; number < Math.min(first + PAGE, events); number++) {
      pipeline.xadd('raw:packed', '*', 'e', packedEvent(number))
      pipeline.xadd('raw:fields', '*', ...eventFields(number))
    }
    await pipeline.exec()
  }
}
