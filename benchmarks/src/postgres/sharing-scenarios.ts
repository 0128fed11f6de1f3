import { createSchema, postgres } from '@eventspine/postgres'
import { Client } from 'pg'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { processSession } from '../process/process-session.ts'
import type { Scenario } from '../target.ts'
import { appendSession } from '../workload/append-session.ts'
import { ourAppender, ourCandidate } from './our-appender.ts'
import type { OurProcessPlan } from './our-process.ts'
import { openSliceDatabase, warmPool } from './own-database.ts'

const IN_FLIGHT = 64
/** Dead row versions need seconds to pile up, where there are any. */
const HELD_SLICE_MS = 5000

/** See its question. */
export function severalProcesses(serverUrl: string): Scenario {
  return {
    name: 'processes',
    question: 'Do several processes on one database together append as fast as one?',
    async run(context) {
      await context.compare({
        title: `append 1 event, ${IN_FLIGHT} in flight, shared by processes`,
        concurrency: IN_FLIGHT,
        base: '1 process',
        candidates: [inProcesses(serverUrl, 1), inProcesses(serverUrl, 2), inProcesses(serverUrl, 4)],
      })
    },
  }
}

/** See its question. */
export function heldTransaction(serverUrl: string): Scenario {
  return {
    name: 'held-transaction',
    question: 'Does a transaction that somebody holds open slow appends down?',
    async run(context) {
      const durationMs = Math.max(HELD_SLICE_MS, context.options.durationMs)
      for (const concurrency of [1, IN_FLIGHT]) {
        await context.compare(
          {
            title: `append 1 event, ${concurrency} in flight, beside a REPEATABLE READ transaction`,
            concurrency,
            base: 'none held',
            candidates: [ourCandidate('none held', serverUrl, { eventsPerAppend: 1 }), besideHeld(serverUrl)],
          },
          { durationMs },
        )
      }
    },
  }
}

function inProcesses(serverUrl: string, processes: number): Candidate {
  return {
    name: processes === 1 ? '1 process' : `${processes} processes`,
    async open(concurrency) {
      const database = await openSliceDatabase(serverUrl)
      await createSchema(database.pool)
      const plan: OurProcessPlan = {
        url: database.url,
        concurrency: concurrency / processes,
        eventsPerAppend: 1,
      }
      const script = new URL('our-process.ts', import.meta.url)
      const inner = await processSession({ script, arguments: Array.from({ length: processes }, () => plan) })
      const close = async (): Promise<void> => {
        await inner.close()
        await database.close()
      }
      return { ...inner, close }
    },
  }
}

function besideHeld(serverUrl: string): Candidate {
  return {
    name: 'one held open',
    async open(concurrency) {
      const database = await openSliceDatabase(serverUrl)
      const backend = await postgres({ pool: database.pool, create: true })
      await warmPool(database.pool)
      const holder = new Client({ connectionString: database.url })
      await holder.connect()
      await holder.query('begin isolation level repeatable read')
      // The snapshot is taken by the first statement that looks at something.
      await holder.query('select count(*) from eventspine.events')
      const appender = ourAppender(backend, database.pool)
      const close = async (): Promise<void> => {
        await holder.end()
        await appender.close()
        await database.close()
      }
      return localSession(appendSession({ ...appender, close }, concurrency, 1))
    },
  }
}
