import { createDatabase } from '@eventspine/servers'
import { Pool } from 'pg'

/** Connections of every candidate: more than some ten only wait for each other. */
export const POOL_SIZE = 10

/** A database for one slice, with a pool. */
export interface SliceDatabase {
  readonly url: string
  readonly pool: Pool
  /** Ends the pool and drops the database. */
  close(): Promise<void>
}

/** Makes an empty database. Dropping it writes a checkpoint, so that every slice starts from the same state. */
export async function openSliceDatabase(serverUrl: string): Promise<SliceDatabase> {
  const database = await createDatabase(serverUrl)
  const pool = openPool(database.url)
  return {
    url: database.url,
    pool,
    async close() {
      await pool.end()
      await database.drop()
    },
  }
}

/** A pool whose connections are all open, so that no slice pays for opening them. */
export async function warmPool(pool: Pool): Promise<void> {
  const clients = await Promise.all(Array.from({ length: POOL_SIZE }, () => pool.connect()))
  for (const client of clients) client.release()
}

export function openPool(url: string): Pool {
  const pool = new Pool({ connectionString: url, max: POOL_SIZE, idleTimeoutMillis: 0 })
  pool.on('error', (error) => {
    // The slice that uses it next fails with an error of its own. While the pool ends, its database may be gone before
    // the last connection is.
    if (!pool.ending) process.stderr.write(`an idle connection broke: ${error.message}\n`)
  })
  return pool
}
