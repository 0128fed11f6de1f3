import type { Backend } from '@eventspine/core'
import { createSchema, postgres } from '@eventspine/postgres'
import { createDatabase, type OwnServer } from '@eventspine/servers'
import { Pool } from 'pg'
import { expect } from 'vitest'
import { killRounds } from './kill-rounds.ts'
import type { BackendAccess } from './life.ts'

const quick = process.env['EVENTSPINE_TEST_QUICK'] !== undefined

export const ROUNDS = Number(process.env['EVENTSPINE_TEST_ROUNDS'] ?? (quick ? 3 : 6))
export const SEED = Number(process.env['EVENTSPINE_TEST_SEED'] ?? Date.now() % 1_000_000_000)

/** Of the server that the run has started, or was given. */
export function serverUrl(server: 'POSTGRES' | 'REDIS' | 'KAFKA'): string {
  const variable = `EVENTSPINE_TEST_${server}`
  const url = process.env[variable]
  if (url === undefined) throw new Error(`${variable} is not set: run through vitest of the workspace`)
  return url
}

export interface KillTarget {
  readonly target: Backend
  /** How other processes open it. */
  readonly access: BackendAccess
  /** Of the PostgreSQL to read from. */
  readonly sourceUrl: string
  readonly rounds?: number
  readonly servers?: readonly OwnServer[]
}

/** Kills relays from a PostgreSQL store of two partitions to a target, and servers when told so. */
export async function killFromPostgres(options: KillTarget): Promise<void> {
  const { target, access, sourceUrl, servers, rounds = ROUNDS } = options
  await using database = await createDatabase(sourceUrl)
  const pool = new Pool({ connectionString: database.url, max: 1 })
  await createSchema(pool, { partitions: 2 })
  await pool.end()
  await using source = await postgres.connect(database.url)
  const { events, found, expected, misplaced } = await killRounds({
    source,
    target,
    sourceAccess: { module: import.meta.resolve('@eventspine/postgres'), url: database.url },
    targetAccess: access,
    rounds,
    seed: SEED,
    servers,
  })
  expect(found).toEqual(expected)
  expect(misplaced).toEqual([])
  expect(events).toBeGreaterThan(rounds)
}
