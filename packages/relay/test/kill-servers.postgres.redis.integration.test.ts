import { redisStream } from '@eventspine/redis'
import { startPostgres, startRedis } from '@eventspine/servers'
import { it } from 'vitest'
import { killFromPostgres, ROUNDS, SEED } from './kill/from-postgres.ts'

it(`relays every event once and in order while PostgreSQL and Redis are killed too, ${ROUNDS} rounds from seed ${SEED}`, async () => {
  await using database = await startPostgres()
  // Whatever was acknowledged is on disk.
  await using server = await startRedis({ settings: { appendonly: 'yes', appendfsync: 'always' } })
  const url = `${server.url}?topic=relayed`
  await using target = await redisStream.connect(url, { create: true, partitions: 4 })
  await killFromPostgres({
    target,
    access: { module: import.meta.resolve('@eventspine/redis'), url },
    sourceUrl: database.url,
    servers: [database, server],
  })
}, 900_000)
