import { randomUUID } from 'node:crypto'
import { kafka } from '@eventspine/kafka'
import { it } from 'vitest'
import { killFromPostgres, ROUNDS, SEED, serverUrl } from './kill/from-postgres.ts'

it(`relays every event from PostgreSQL to Kafka once and in order through ${ROUNDS} killed processes, from seed ${SEED}`, async () => {
  const url = `${serverUrl('KAFKA')}/relayed-${randomUUID()}`
  await using target = await kafka.connect(url, { create: true, partitions: 4 })
  const access = { module: import.meta.resolve('@eventspine/kafka'), url }
  await killFromPostgres({ target, access, sourceUrl: serverUrl('POSTGRES') })
}, 600_000)
