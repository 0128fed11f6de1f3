import type { Pool } from 'pg'
import type { OrderData, OrderMetadata } from '../workload/order-event.ts'
import type { Pass } from '../workload/read-session.ts'

interface EventRow {
  readonly position: string
  readonly version: string
  readonly data: OrderData
  readonly metadata: OrderMetadata
}

const columns = 'position, version, recorded_at, schema_version, id, stream_id, type, data, metadata'

const streamPage = (values: unknown[]) => ({
  name: 'stream-page',
  text: `select ${columns} from eventspine.events
    where stream_id = $1 and version > $2 order by version limit $3`,
  values,
})

const feedPage = (values: unknown[]) => ({
  name: 'feed-page',
  text: `select ${columns} from eventspine.events
    where partition = 0 and position > $1 order by position limit $2`,
  values,
})

/** A stream as `pg` gives it: an object a row, JSON parsed. */
export async function rawStream(pool: Pool, streamId: string, pageSize: number): Promise<Pass> {
  let after = 0
  let events = 0
  let sum = 0
  for (;;) {
    const { rows } = await pool.query<EventRow>(streamPage([streamId, after, pageSize]))
    for (const { data } of rows) sum += data.totalCents
    events += rows.length
    after = Number(rows.at(-1)?.version ?? after)
    if (rows.length < pageSize) return { events, sum }
  }
}

/** The feed as `pg` gives it, by keyset on the position. */
export async function rawFeed(pool: Pool, pageSize: number): Promise<Pass> {
  let after = '0'
  let events = 0
  let sum = 0
  for (;;) {
    const { rows } = await pool.query<EventRow>(feedPage([after, pageSize]))
    for (const { data } of rows) sum += data.totalCents
    events += rows.length
    after = rows.at(-1)?.position ?? after
    if (rows.length < pageSize) return { events, sum }
  }
}
