import { postgres } from '@eventspine/postgres'
import type { Scenario } from '../target.ts'
import { consumeOnce } from '../workload/consuming.ts'
import { readPages, touchData } from '../workload/reads.ts'
import { mingledStreams, openFilledDatabase } from './filled-database.ts'
import { reading } from './read-scenarios.ts'

const FEED = mingledStreams(500, 40)
const EVENTS = FEED.reduce((sum, { events }) => sum + events, 0)

/** See its question. */
export function consumers(serverUrl: string): Scenario {
  return {
    name: 'consumer',
    question: 'What does a consumer cost over reading the feed, by the effects it promises?',
    async run(context) {
      const database = await openFilledDatabase(serverUrl, FEED)
      const backend = await postgres({ pool: database.pool })
      await context.compare({
        title: `a feed of ${EVENTS} events over ${FEED.length} streams, every data read`,
        concurrency: 1,
        base: 'feed().pages()',
        candidates: [
          reading('feed().pages()', EVENTS, () => readPages(backend.store.feed().pages(), touchData)),
          reading('at least once', EVENTS, () => consumeOnce(backend, touchData)),
          reading('exactly once, no writes', EVENTS, () =>
            consumeOnce(backend, touchData, { effects: 'exactly-once' }),
          ),
          reading('exactly once, a document an event', EVENTS, () =>
            consumeOnce(backend, touchData, {
              effects: 'exactly-once',
              effect: (event, { documents }) =>
                documents.put('seen', event.streamId, { version: event.streamPosition }),
            }),
          ),
          reading('in a transaction, no writes', EVENTS, () =>
            consumeOnce(backend, touchData, { effects: 'transaction' }),
          ),
        ],
      })
      await backend.close()
      await database.close()
    },
  }
}
