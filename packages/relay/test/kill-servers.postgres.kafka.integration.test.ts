import { kafka } from '@eventspine/kafka'
import { startKafka } from '@eventspine/servers'
import { it } from 'vitest'
import { killFromPostgres, ROUNDS, SEED, serverUrl } from './kill/from-postgres.ts'

// A broker that was killed takes a while to come back.
const rounds = Math.ceil(ROUNDS / 3)

it(`relays every event once and in order while Kafka is killed too, ${rounds} rounds from seed ${SEED}`, async () => {
  await using server = await startKafka()
  const url = `${server.url}/relayed`
  await using target = await kafka.connect(url, { create: true, partitions: 4 })
  await killFromPostgres({
    target,
    access: { module: import.meta.resolve('@eventspine/kafka'), url },
    sourceUrl: serverUrl('POSTGRES'),
    rounds,
    servers: [server],
  })
}, 900_000)
