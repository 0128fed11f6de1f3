import { postgres } from '@eventspine/postgres'
import { ORDER_PLACED, orderData, orderMetadata } from '../workload/order-event.ts'
import { openSliceDatabase, type SliceDatabase, warmPool } from './own-database.ts'

/** A stream whose events lie evenly spread over the feed. */
export const SPREAD_STREAM = { id: 'filled:spread', events: 1000 }

const OTHER_STREAM_EVENTS = 100

/**
 * A database with a store of so many events, written by one statement: appending millions takes hours on a busy machine.
 * They are in `filled:` streams of 100 and in {@link SPREAD_STREAM}.
 *
 * @param events - a multiple of 1,000.
 * @throws where the store then does not see them all.
 */
export async function openBulkDatabase(serverUrl: string, events: number): Promise<SliceDatabase> {
  const database = await openSliceDatabase(serverUrl)
  try {
    const { pool } = database
    const { store } = await postgres({ pool, create: true })
    const every = events / SPREAD_STREAM.events
    await pool.query(
      `insert into eventspine.events
         (position, version, recorded_at, partition, schema_version, codec, state, id, stream_id, type, data, metadata)
       select
         n,
         case when n % $1 = 0 then n / $1 else (n - n / $1 - 1) % $2 + 1 end,
         1763700000000 + n, 0, 1, 0, 0, gen_random_uuid(),
         case when n % $1 = 0 then $3 else 'filled:' || (n - n / $1 - 1) / $2 end,
         $4, $5, $6
       from generate_series(1::bigint, $7) n`,
      [
        every,
        OTHER_STREAM_EVENTS,
        SPREAD_STREAM.id,
        ORDER_PLACED,
        JSON.stringify(orderData(1)),
        JSON.stringify(orderMetadata(1)),
        events,
      ],
    )
    await pool.query('vacuum (analyze) eventspine.events')
    const { version } = await store.head(SPREAD_STREAM.id)
    const [, , last] = (await store.feedHead()).split('.')
    if (version !== SPREAD_STREAM.events || Number(last) !== events)
      throw new Error(`a store of ${events} events shows a stream of ${version} and a feed up to ${last}`)
    await warmPool(pool)
    return database
  } catch (error) {
    await database.close()
    throw error
  }
}
