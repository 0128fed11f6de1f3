import { postgres } from '@eventspine/postgres'
import { collectGarbage } from '../harness/collect-garbage.ts'
import type { Scenario } from '../target.ts'
import { touchData } from '../workload/reads.ts'
import { openBulkDatabase } from './bulk-database.ts'
import { MANY } from './size-scenario.ts'

/** Until then, code is compiled and buffers grow to their size. */
const WARMUP_PAGES = 20
const PAGES_BETWEEN_LOOKS = 50

/** See its question. */
export function feedMemory(serverUrl: string): Scenario {
  return {
    name: 'feed-memory',
    question: `By how much does a process grow while it reads a feed of ${MANY.toLocaleString('en')} events?`,
    async run(context) {
      const database = await openBulkDatabase(serverUrl, MANY)
      const { store } = await postgres({ pool: database.pool })
      let pages = 0
      let events = 0
      let sum = 0
      let start = { heap: 0, resident: 0 }
      const growth = { heap: 0, resident: 0 }
      for await (const page of store.feed().pages()) {
        for (const event of page) sum += touchData(event)
        events += page.length
        pages++
        if (pages === WARMUP_PAGES) start = look()
        if (pages <= WARMUP_PAGES || pages % PAGES_BETWEEN_LOOKS !== 0) continue
        const now = look()
        growth.heap = Math.max(growth.heap, now.heap - start.heap)
        growth.resident = Math.max(growth.resident, now.resident - start.resident)
      }
      if (events !== MANY || sum === 0) throw new Error(`${MANY} events are stored and ${events} were read`)
      context.note(
        `Over ${events.toLocaleString('en')} events in ${pages} pages, after the first ${WARMUP_PAGES} pages: what is live on the heap grew by ${megabytes(growth.heap)} MB at most, the resident set by ${megabytes(growth.resident)} MB.`,
      )
      await database.close()
    },
  }
}

/** After a collection: what could be freed does not count. */
function look(): { readonly heap: number; readonly resident: number } {
  collectGarbage()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heap: heapUsed + external, resident: rss }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1)
}
