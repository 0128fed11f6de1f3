import { dynamodb } from '@eventspine/dynamodb'
import { localSession } from '../harness/session.ts'
import { serveSession } from '../process/serve-session.ts'
import { appendSession } from '../workload/append-session.ts'
import { storeAppender } from '../workload/store-appender.ts'

/** What a process that appends to a store of ours is told. */
export interface OurProcessPlan {
  readonly url: string
  readonly concurrency: number
}

serveSession(async ({ url, concurrency }: OurProcessPlan) => {
  const backend = await dynamodb.connect(url)
  const appender = storeAppender(backend.store, () => backend.close())
  return localSession(appendSession(appender, concurrency, 1))
})
