import type { Backend } from '@eventspine/core'
import { createSchema, postgres } from '@eventspine/postgres'
import { createDatabase } from '@eventspine/servers'
import { Pool } from 'pg'
import { expect } from 'vitest'
import { killRounds } from './kill-rounds.ts'
import type { BackendAccess } from './life.ts'

const quick = process.env['EVENTSPINE_TEST_QUICK'] !== undefined

export const ROUNDS = Number(process.env['EVENTSPINE_TEST_ROUNDS'] ?? (quick ? 3 : 10))
export const SEED = Number(process.env['EVENTSPINE_TEST_SEED'] ?? Date.now() % 1_000_000_000)

/** Of the server that the run has started, or was given. */
export function serverUrl(server: 'POSTGRES' | 'REDIS' | 'KAFKA'): string {
  const variable = `EVENTSPINE_TEST_${server}`
  const url = process.env[variable]
  if (url === undefined) throw new Error(`${variable} is not set: run through vitest of the workspace`)
  return url
}

/** Kills relays from a PostgreSQL store of two partitions to `target`, which other processes open by `targetAccess`. */
export async function killFromPostgres(target: Backend, targetAccess: BackendAccess): Promise<void> {
  await using database = await createDatabase(serverUrl('POSTGRES'))
  const pool = new Pool({ connectionString: database.url, max: 1 })
  await createSchema(pool, { partitions: 2 })
  await pool.end()
  await using source = await postgres.connect(database.url)
  const { events, found, expected, misplaced } = await killRounds({
    source,
    target,
    sourceAccess: { module: import.meta.resolve('@eventspine/postgres'), url: database.url },
    targetAccess,
    rounds: ROUNDS,
    seed: SEED,
  })
  expect(found).toEqual(expected)
  expect(misplaced).toEqual([])
  expect(events).toBeGreaterThan(ROUNDS)
}
