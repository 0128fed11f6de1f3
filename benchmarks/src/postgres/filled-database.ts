import { postgres } from '@eventspine/postgres'
import { orderEvent } from '../workload/order-event.ts'
import { openSliceDatabase, type SliceDatabase, warmPool } from './own-database.ts'

/** Streams to be filled, so many events each. */
export interface Filling {
  readonly id: string
  readonly events: number
}

const EVENTS_PER_APPEND = 100
/** Thousands of appends queue up at once, and on a busy machine they wait long for each other. */
const FILL_LOCK_TIMEOUT_MS = 600_000

/** Many short streams and one long one, their events mingled in the feed as an application's would be. */
export function mingledStreams(streams: number, eventsEach: number): readonly Filling[] {
  return Array.from({ length: streams }, (_, number) => ({ id: `cart:${number}`, events: eventsEach }))
}

/** A database with a store that holds these streams, vacuumed, for slices that only read. */
export async function openFilledDatabase(
  serverUrl: string,
  fillings: readonly Filling[],
): Promise<SliceDatabase> {
  const database = await openSliceDatabase(serverUrl)
  try {
    const { store } = await postgres({
      pool: database.pool,
      create: true,
      lockTimeoutMs: FILL_LOCK_TIMEOUT_MS,
    })
    const longest = Math.max(...fillings.map(({ events }) => events))
    for (let version = 0; version < longest; version += EVENTS_PER_APPEND) {
      await Promise.all(
        fillings.map(async ({ id, events }) => {
          const count = Math.min(EVENTS_PER_APPEND, events - version)
          if (count <= 0) return
          const batch = Array.from({ length: count }, (_, index) => orderEvent(version + index))
          await store.append(id, batch, { expectedVersion: version })
        }),
      )
    }
    await database.pool.query('vacuum (analyze) eventspine.events')
    await warmPool(database.pool)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}
