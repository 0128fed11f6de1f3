import { redis } from '@eventspine/redis'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { appendSession } from '../workload/append-session.ts'
import { storeAppender } from '../workload/store-appender.ts'
import { openSliceClient } from './slice-client.ts'

export interface OurOptions {
  readonly eventsPerAppend: number
  readonly partitions?: number
  readonly feed?: 'reference' | 'body'
  /** Through a client of the user's that sends commands again by itself, as ioredis does by default. */
  readonly resending?: boolean
}

/** The store that users hold, all laws on, over one connection. */
export function ourCandidate(
  name: string,
  serverUrl: string,
  { eventsPerAppend, partitions = 1, feed = 'reference', resending = false }: OurOptions,
): Candidate {
  return {
    name,
    async open(concurrency) {
      const client = await openSliceClient(serverUrl)
      const options = { create: true, partitions, feed }
      const backend = await (resending ? redis({ client, ...options }) : redis.connect(serverUrl, options))
      const appender = storeAppender(backend.store, async () => {
        await backend.close()
        client.disconnect()
      })
      return localSession(appendSession(appender, concurrency, eventsPerAppend))
    },
  }
}
