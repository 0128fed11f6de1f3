import { createDatabase, createKeyspace } from '@eventspine/servers'
import { createSchema, postgres } from '@eventspine/postgres'
import { redisStream } from '@eventspine/redis'
import { Pool } from 'pg'
import { expect, it } from 'vitest'
import { killRounds } from './kill/kill-rounds.ts'

const ROUNDS = Number(
  process.env['EVENTSPINE_TEST_ROUNDS'] ?? (process.env['EVENTSPINE_TEST_QUICK'] === undefined ? 12 : 4),
)
const SEED = Number(process.env['EVENTSPINE_TEST_SEED'] ?? Date.now() % 1_000_000_000)

it(`relays every event from PostgreSQL to Redis Streams once and in order through ${ROUNDS} killed processes, from seed ${SEED}`, async () => {
  await using database = await createDatabase(urlOf('POSTGRES'))
  await using keyspace = createKeyspace(urlOf('REDIS'))
  const pool = new Pool({ connectionString: database.url, max: 1 })
  await createSchema(pool, { partitions: 2 })
  await pool.end()
  await using source = await postgres.connect(database.url)
  const targetUrl = `${keyspace.url}&topic=relayed`
  await using target = await redisStream.connect(targetUrl, { create: true, partitions: 4 })
  const { events, found, expected, misplaced } = await killRounds({
    source,
    target,
    sourceAccess: { module: import.meta.resolve('@eventspine/postgres'), url: database.url },
    targetAccess: { module: import.meta.resolve('@eventspine/redis'), url: targetUrl },
    rounds: ROUNDS,
    seed: SEED,
  })
  expect(found).toEqual(expected)
  expect(misplaced).toEqual([])
  expect(events).toBeGreaterThan(ROUNDS)
}, 600_000)

/** Of the server that the run has started, or was given. */
function urlOf(server: 'POSTGRES' | 'REDIS'): string {
  const url = process.env[`EVENTSPINE_TEST_${server}`]
  if (url === undefined)
    throw new Error(`EVENTSPINE_TEST_${server} is not set: run through vitest of the workspace`)
  return url
}
