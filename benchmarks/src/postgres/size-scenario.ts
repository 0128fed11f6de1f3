import { postgres } from '@eventspine/postgres'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import type { Scenario } from '../target.ts'
import { appendSession } from '../workload/append-session.ts'
import { readPages, touchData } from '../workload/reads.ts'
import { openBulkDatabase, SPREAD_STREAM } from './bulk-database.ts'
import { ourAppender } from './our-appender.ts'
import type { SliceDatabase } from './own-database.ts'
import { reading } from './read-scenarios.ts'

const FEW = 1000
/** Ten millions take a quarter of an hour and 10 GB of disk, so they are asked for. */
export const MANY = Number(process.env['EVENTSPINE_BENCH_EVENTS'] ?? 1_000_000)

/** See its question. */
export function storeSizes(serverUrl: string): Scenario {
  return {
    name: 'size',
    question: `Does a store of ${MANY.toLocaleString('en')} events append and read a stream as fast as one of ${FEW}?`,
    async run(context) {
      const small = await openBulkDatabase(serverUrl, FEW)
      const large = await openBulkDatabase(serverUrl, MANY)
      const base = named(FEW)
      for (const concurrency of [1, 64]) {
        await context.compare({
          title: `append 1 event, ${concurrency} in flight, to a store of so many events`,
          concurrency,
          base,
          candidates: [
            // What a slice adds to it would soon be most of a small one.
            appending(FEW, () => openBulkDatabase(serverUrl, FEW), true),
            appending(MANY, async () => large, false),
          ],
        })
      }
      await context.compare({
        title: `read a stream of ${SPREAD_STREAM.events} events, spread over so many`,
        concurrency: 1,
        base,
        candidates: [await readingSpread(FEW, small), await readingSpread(MANY, large)],
      })
      await small.close()
      await large.close()
    },
  }
}

function named(events: number): string {
  return `${events.toLocaleString('en')} stored`
}

function appending(events: number, open: () => Promise<SliceDatabase>, ownsIt: boolean): Candidate {
  return {
    name: named(events),
    async open(concurrency) {
      const database = await open()
      const backend = await postgres({ pool: database.pool })
      const appender = ourAppender(backend, database.pool)
      const close = async (): Promise<void> => {
        await appender.close()
        if (ownsIt) await database.close()
      }
      return localSession(appendSession({ ...appender, close }, concurrency, 1))
    },
  }
}

async function readingSpread(events: number, { pool }: SliceDatabase): Promise<Candidate> {
  const { store } = await postgres({ pool })
  return reading(named(events), SPREAD_STREAM.events, () =>
    readPages(store.read(SPREAD_STREAM.id).pages(), touchData),
  )
}
