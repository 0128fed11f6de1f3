import { Client } from 'pg'

/**
 * One real query: connects, signs in, asks for the version.
 *
 * @returns such as `18.4`. Rejects when the answer takes longer than `deadlineMs`.
 */
export async function askVersion(url: string, deadlineMs: number): Promise<string> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: deadlineMs,
    query_timeout: deadlineMs,
  })
  // A connection that breaks while idle is reported by the query or by end().
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    return rows[0]?.server_version ?? 'unknown'
  } finally {
    await client.end()
  }
}
