import { randomUUID } from 'node:crypto'
import { type Backend } from '@eventspine/core'
import { postgres } from '@eventspine/postgres'
import { redisStream } from '@eventspine/redis'
import { relayOnce } from '@eventspine/relay'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { mingledStreams, openFilledDatabase } from '../postgres/filled-database.ts'
import { openTopic } from '../kafka/own-topic.ts'
import { rawRecord } from '../kafka/raw-record.ts'
import type { Scenario } from '../target.ts'
import type { RelayServers } from './relay-target.ts'

const FEED = mingledStreams(200, 100)
const EVENTS = FEED.reduce((sum, { events }) => sum + events, 0)
const BATCH = 500

/** See its question. */
export function relayThroughput(servers: RelayServers): Scenario {
  return {
    name: 'relay',
    question:
      'How fast does a relay move a feed out of PostgreSQL, beside raw transactions of the same records?',
    async run(context) {
      const database = await openFilledDatabase(servers.postgres, FEED)
      const source = await postgres({ pool: database.pool })
      await context.compare({
        title: `${EVENTS} events in batches of ${BATCH}`,
        concurrency: 1,
        base: 'kafkajs, transactions',
        candidates: [
          rawTransactions(servers.kafka),
          relaying('PostgreSQL to Kafka', source, () => kafkaTarget(servers.kafka)),
          relaying('PostgreSQL to Redis Streams', source, () => redisTarget(servers.redis)),
        ],
      })
      await source.close()
      await database.close()
    },
  }
}

interface Target {
  readonly backend: Backend
  close(): Promise<void>
}

async function kafkaTarget(serverUrl: string): Promise<Target> {
  const topic = await openTopic(serverUrl)
  const backend = await topic.open()
  return {
    backend,
    async close() {
      await backend.close()
      await topic.close()
    },
  }
}

async function redisTarget(serverUrl: string): Promise<Target> {
  const backend = await redisStream.connect(`${serverUrl}?topic=bench-${randomUUID()}`, { create: true })
  return { backend, close: () => backend.close() }
}

/** Each pass is a relay of a new name, which moves everything. */
function relaying(name: string, source: Backend, openTarget: () => Promise<Target>): Candidate {
  return {
    name,
    async open() {
      const target = await openTarget()
      return localSession({
        async operate() {
          const { relayed, caughtUp } = await relayOnce(source, target.backend, {
            name: randomUUID(),
            batchEvents: BATCH,
            budgetMs: 300_000,
          })
          if (relayed !== EVENTS || !caughtUp) throw new Error(`${relayed} of ${EVENTS} events were relayed`)
          return relayed
        },
        close: () => target.close(),
      })
    },
  }
}

/** The same records from memory, already built as objects of ours would be: only the writing is compared. */
function rawTransactions(serverUrl: string): Candidate {
  return {
    name: 'kafkajs, transactions',
    async open() {
      const topic = await openTopic(serverUrl)
      const producer = topic.client.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        transactionalId: randomUUID(),
        createPartitioner: () => () => 0,
      })
      await producer.connect()
      return localSession({
        async operate() {
          for (let first = 0; first < EVENTS; first += BATCH) {
            const messages = Array.from({ length: BATCH }, (_, index) =>
              rawRecord(`cart:${(first + index) % FEED.length}`, first + index, 0),
            )
            const transaction = await producer.transaction()
            await transaction.send({ topic: topic.topic, acks: -1, messages })
            await transaction.commit()
          }
          return EVENTS
        },
        async close() {
          await producer.disconnect()
          await topic.close()
        },
      })
    },
  }
}
