import type { Backend } from '@eventspine/core'
import { postgres } from '@eventspine/postgres'
import type { Pool } from 'pg'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { type Appender, appendSession } from '../workload/append-session.ts'
import { orderEvent } from '../workload/order-event.ts'
import { openSliceDatabase, warmPool } from './own-database.ts'
import { checkDensePositions, storedStreams } from './stored-events.ts'

/** The store that users hold, all laws on. */
export function ourCandidate(
  name: string,
  serverUrl: string,
  options: { readonly eventsPerAppend: number; readonly partitions?: number },
): Candidate {
  return {
    name,
    async open(concurrency) {
      const database = await openSliceDatabase(serverUrl)
      const backend = await postgres({
        pool: database.pool,
        create: true,
        partitions: options.partitions ?? 1,
      })
      await warmPool(database.pool)
      const appender = ourAppender(backend, database.pool)
      const close = async (): Promise<void> => {
        await appender.close()
        await database.close()
      }
      return localSession(appendSession({ ...appender, close }, concurrency, options.eventsPerAppend))
    },
  }
}

/** Appends through a backend; `pool` is for looking at what was stored. */
export function ourAppender(backend: Pick<Backend, 'store' | 'close'>, pool: Pool): Appender {
  return {
    async append({ id, version }, firstNumber, count) {
      const events = Array.from({ length: count }, (_, index) => orderEvent(firstNumber + index))
      await backend.store.append(id, events, { expectedVersion: version })
    },
    async stored() {
      await checkDensePositions(pool)
      return storedStreams(pool)
    },
    close: () => backend.close(),
  }
}
