import { Client } from 'pg'

const settings = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_sync_method',
  'commit_delay',
  'shared_buffers',
  'max_wal_size',
  'io_method',
]

const PROBES = 2000

/** Version and settings of a server, and how long its simplest answers take. */
export async function postgresEnvironment(url: string): Promise<Readonly<Record<string, string | number>>> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string; setting: string }>(
      `select name, current_setting(name) as setting from pg_settings where name = any ($1) or name = 'server_version' order by name`,
      [settings],
    )
    const roundTripUs = await medianUs(client, 'select 1')
    const commitUs = await medianUs(client, `select pg_logical_emit_message(true, 'probe', 'x')`)
    return {
      ...Object.fromEntries(rows.map(({ name, setting }) => [name, setting])),
      'round trip µs': Math.round(roundTripUs),
      'smallest durable commit µs': Math.round(commitUs),
    }
  } finally {
    await client.end()
  }
}

async function medianUs(client: Client, text: string): Promise<number> {
  const times: number[] = []
  for (let probe = 0; probe < PROBES; probe++) {
    const startedAt = performance.now()
    await client.query({ name: text.slice(0, 20), text })
    times.push((performance.now() - startedAt) * 1000)
  }
  return times.sort((a, b) => a - b)[PROBES / 2] ?? NaN
}
