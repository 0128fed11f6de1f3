import type { Pool } from 'pg'
import type { StoredStream } from '../workload/owned-streams.ts'

/** The streams in our table. */
export async function storedStreams(pool: Pool): Promise<readonly StoredStream[]> {
  const { rows } = await pool.query<{ id: string; events: number; last: number }>(
    'select stream_id as id, count(*)::int as events, max(version)::int as last from eventspine.events group by stream_id',
  )
  return rows.map(({ id, events, last }) => ({ id, events, lastVersion: last }))
}

/** @throws where a partition of our feed has a hole. */
export async function checkDensePositions(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ partition: number; events: number; last: number }>(
    `select partition, count(*)::int as events, max(position)::int as last
     from eventspine.events group by partition having count(*) <> max(position)`,
  )
  const [hole] = rows
  if (hole === undefined) return
  throw new Error(`partition ${hole.partition} holds ${hole.events} events up to position ${hole.last}`)
}
