import { postgres } from '@eventspine/postgres'
import { localSession } from '../harness/session.ts'
import { serveSession } from '../process/serve-session.ts'
import { appendSession } from '../workload/append-session.ts'
import { ourAppender } from './our-appender.ts'
import { openPool, warmPool } from './own-database.ts'

/** What a process that appends to a store of ours is told. */
export interface OurProcessPlan {
  readonly url: string
  readonly concurrency: number
  readonly eventsPerAppend: number
}

serveSession(async ({ url, concurrency, eventsPerAppend }: OurProcessPlan) => {
  const pool = openPool(url)
  const backend = await postgres({ pool })
  await warmPool(pool)
  const appender = ourAppender(backend, pool)
  const close = async (): Promise<void> => {
    await appender.close()
    await pool.end()
  }
  return localSession(appendSession({ ...appender, close }, concurrency, eventsPerAppend))
})
