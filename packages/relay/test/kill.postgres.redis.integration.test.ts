import { redisStream } from '@eventspine/redis'
import { createKeyspace } from '@eventspine/servers'
import { it } from 'vitest'
import { killFromPostgres, ROUNDS, SEED, serverUrl } from './kill/from-postgres.ts'

it(`relays every event from PostgreSQL to Redis Streams once and in order through ${ROUNDS} killed processes, from seed ${SEED}`, async () => {
  await using keyspace = createKeyspace(serverUrl('REDIS'))
  const url = `${keyspace.url}&topic=relayed`
  await using target = await redisStream.connect(url, { create: true, partitions: 4 })
  const access = { module: import.meta.resolve('@eventspine/redis'), url }
  await killFromPostgres({ target, access, sourceUrl: serverUrl('POSTGRES') })
}, 600_000)
