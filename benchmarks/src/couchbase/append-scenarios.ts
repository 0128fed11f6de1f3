import { couchbase } from '@eventspine/couchbase'
import { ownKeyPrefix } from '@eventspine/servers'
import type { CouchbaseProxy } from '@eventspine/servers'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import type { Scenario } from '../target.ts'
import { appendSession } from '../workload/append-session.ts'
import { storeAppender } from '../workload/store-appender.ts'
import { bareInserts } from './raw-appenders.ts'

/** See its question. */
export function singleAppends(proxy: CouchbaseProxy): Scenario {
  return {
    name: 'append-1',
    question: 'How fast are appends of one event, with every law on, beside a bare insert each?',
    async run(context) {
      for (const concurrency of [1, 16, 64]) {
        const counts = { events: 0, operations: 0 }
        await context.compare({
          title: `append 1 event, ${concurrency} in flight`,
          concurrency,
          base: 'bare insert, no feed',
          candidates: [
            ourCandidate('Eventspine, P = 1', proxy, { eventsPerAppend: 1, counts }),
            ourCandidate('Eventspine, P = 4', proxy, { eventsPerAppend: 1, partitions: 4 }),
            bareInserts('bare insert, no feed', proxy.url, 1),
          ],
        })
        const each = (counts.operations / counts.events).toFixed(2)
        context.note(
          `P = 1, ${concurrency} in flight: ${each} key-value operations an event, as the proxy counted`,
        )
      }
    },
  }
}

/** See its question. */
export function batchAppends(proxy: CouchbaseProxy): Scenario {
  return {
    name: 'append-batch',
    question: 'How fast are appends of 10 events to one stream, beside 10 bare inserts at once?',
    async run(context) {
      for (const concurrency of [1, 16]) {
        await context.compare({
          title: `append 10 events, ${concurrency} in flight`,
          concurrency,
          base: '10 bare inserts, not atomic',
          candidates: [
            ourCandidate('Eventspine, P = 1', proxy, { eventsPerAppend: 10 }),
            bareInserts('10 bare inserts, not atomic', proxy.url, 10),
          ],
        })
      }
    },
  }
}

interface OurOptions {
  readonly eventsPerAppend: number
  readonly partitions?: number
  /** Added to, slice by slice. */
  readonly counts?: { events: number; operations: number }
}

function ourCandidate(
  name: string,
  proxy: CouchbaseProxy,
  { eventsPerAppend, partitions = 1, counts }: OurOptions,
): Candidate {
  return {
    name,
    async open(concurrency) {
      const backend = await couchbase.connect(ownKeyPrefix(proxy.url).url, { create: true, partitions })
      const appender = storeAppender(backend.store, () => backend.close())
      const session = localSession(appendSession(appender, concurrency, eventsPerAppend))
      return {
        ...session,
        async measure(plan) {
          proxy.resetCounts()
          const slice = await session.measure(plan)
          if (counts !== undefined) {
            counts.events += slice.acknowledgedEvents
            counts.operations += proxy.counts().total
          }
          return slice
        },
      }
    },
  }
}
