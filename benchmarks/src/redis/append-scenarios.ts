import type { Scenario } from '../target.ts'
import { ourCandidate } from './our-appender.ts'
import { multiXadd, pipelinedXadd, rawCandidate, xadd, xaddAtVersion } from './raw-appenders.ts'

/** See its question. */
export function singleAppends(serverUrl: string): Scenario {
  return {
    name: 'append-1',
    question: 'How fast are appends of one event, with every law on, beside plain XADD of the same bytes?',
    async run(context) {
      for (const concurrency of [1, 16, 64]) {
        await context.compare({
          title: `append 1 event, ${concurrency} in flight`,
          concurrency,
          base: 'ioredis, XADD',
          candidates: [
            ourCandidate('Eventspine, P = 1', serverUrl, { eventsPerAppend: 1 }),
            ourCandidate('Eventspine, P = 8', serverUrl, { eventsPerAppend: 1, partitions: 8 }),
            ourCandidate('Eventspine, body in the feed', serverUrl, { eventsPerAppend: 1, feed: 'body' }),
            ourCandidate('Eventspine, client that resends', serverUrl, {
              eventsPerAppend: 1,
              resending: true,
            }),
            rawCandidate('ioredis, XADD', serverUrl, 1, xadd),
            rawCandidate('ioredis, XADD at a version', serverUrl, 1, xaddAtVersion),
          ],
        })
      }
    },
  }
}

/** See its question. */
export function batchAppends(serverUrl: string): Scenario {
  return {
    name: 'append-batch',
    question: 'How fast are appends of 10 and 100 events to one stream, beside an entry an event?',
    async run(context) {
      for (const events of [10, 100]) {
        for (const concurrency of [1, 16]) {
          await context.compare({
            title: `append ${events} events, ${concurrency} in flight`,
            concurrency,
            base: 'ioredis, MULTI, XADD each',
            candidates: [
              ourCandidate('Eventspine, P = 1', serverUrl, { eventsPerAppend: events }),
              ourCandidate('Eventspine, P = 8', serverUrl, { eventsPerAppend: events, partitions: 8 }),
              rawCandidate('ioredis, MULTI, XADD each', serverUrl, events, multiXadd),
              rawCandidate('ioredis, pipelined XADD each', serverUrl, events, pipelinedXadd),
            ],
          })
        }
      }
    },
  }
}
