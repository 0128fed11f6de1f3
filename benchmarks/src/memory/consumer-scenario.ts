import { memory } from '@eventspine/memory'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import type { Scenario } from '../target.ts'
import { consumeOnce } from '../workload/consuming.ts'
import { orderEvent } from '../workload/order-event.ts'
import { type Pass, readSession } from '../workload/read-session.ts'
import { readPages, touchData } from '../workload/reads.ts'

const STREAMS = 1000
const EVENTS_PER_STREAM = 20
const EVENTS = STREAMS * EVENTS_PER_STREAM

/** See its question. */
export const consumerScenario: Scenario = {
  name: 'consumer',
  question: 'What does the consumer engine cost over reading the feed?',
  async run(context) {
    const backend = memory()
    for (let round = 0; round < EVENTS_PER_STREAM; round++) {
      for (let stream = 0; stream < STREAMS; stream++)
        await backend.store.append(`cart:${stream}`, [orderEvent(round)])
    }
    await context.compare({
      title: `a feed of ${EVENTS} events over ${STREAMS} streams, every data read`,
      concurrency: 1,
      base: 'feed().pages()',
      candidates: [
        reading('feed().pages()', () => readPages(backend.store.feed().pages(), touchData)),
        reading('at least once', () => consumeOnce(backend, touchData)),
        reading('at least once, one at a time', () => consumeOnce(backend, touchData, { concurrency: 1 })),
        reading('exactly once, no writes', () =>
          consumeOnce(backend, touchData, { effects: 'exactly-once' }),
        ),
        reading('exactly once, a document an event', () =>
          consumeOnce(backend, touchData, {
            effects: 'exactly-once',
            effect: (event, { documents }) =>
              documents.put('seen', event.streamId, { version: event.streamPosition }),
          }),
        ),
        reading('in a transaction, no writes', () =>
          consumeOnce(backend, touchData, { effects: 'transaction' }),
        ),
      ],
    })
    await backend.close()
  },
}

function reading(name: string, read: () => Promise<Pass>): Candidate {
  return { name, open: async () => localSession(readSession(EVENTS, read)) }
}
