import type { Scenario } from '../target.ts'
import { ourCandidate } from './our-appender.ts'
import { bareInsert, ownFunction, rawCandidate } from './raw-appenders.ts'

/** As a disk that takes a millisecond: whoever flushes waits so long, and others join meanwhile. */
const FLUSH_DELAY_US = 1000

/** See its question. */
export function slowFlush(serverUrl: string): Scenario {
  return {
    name: 'slow-flush',
    question: `And where a flush takes a millisecond (commit_delay ${FLUSH_DELAY_US}, commit_siblings 0), as on a slower disk?`,
    async run(context) {
      const url = new URL(serverUrl)
      url.searchParams.set('options', `-c commit_delay=${FLUSH_DELAY_US} -c commit_siblings=0`)
      for (const concurrency of [1, 16, 64]) {
        await context.compare({
          title: `append 1 event, ${concurrency} in flight, flushes of 1 ms`,
          concurrency,
          base: 'pg, bare INSERT',
          candidates: [
            ourCandidate('Eventspine, P = 1', url.href, { eventsPerAppend: 1 }),
            ourCandidate('Eventspine, P = 8', url.href, { eventsPerAppend: 1, partitions: 8 }),
            rawCandidate('pg, bare INSERT', url.href, 1, bareInsert),
            rawCandidate('pg, our function one at a time', url.href, 1, ownFunction),
          ],
        })
      }
    },
  }
}
