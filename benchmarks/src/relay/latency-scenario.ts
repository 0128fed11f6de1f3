import { randomUUID } from 'node:crypto'
import { type Backend } from '@eventspine/core'
import { postgres } from '@eventspine/postgres'
import { redisStream } from '@eventspine/redis'
import { relay } from '@eventspine/relay'
import type { Candidate } from '../harness/compare.ts'
import { Arrivals, latencySession } from '../kafka/latency-scenario.ts'
import { openTopic } from '../kafka/own-topic.ts'
import type { SentData } from '../postgres/latency-probe.ts'
import { openSliceDatabase, warmPool } from '../postgres/own-database.ts'
import type { Scenario } from '../target.ts'
import type { RelayServers } from './relay-target.ts'

/** See its question. */
export function relayLatency(servers: RelayServers): Scenario {
  return {
    name: 'latency',
    question:
      'How long after its append to PostgreSQL was called is an event in a handler, by the way it takes?',
    async run(context) {
      await context.compare({
        title: 'append to handler (p50 and p99 are the result; rates are given by the pace)',
        concurrency: 1,
        base: 'derived stream of PostgreSQL',
        candidates: [
          candidate('derived stream of PostgreSQL', servers, undefined),
          candidate('relay to Kafka', servers, async () => {
            const topic = await openTopic(servers.kafka)
            const backend = await topic.open()
            return { backend, remove: () => topic.close() }
          }),
          candidate('relay to Redis Streams', servers, async () => ({
            backend: await redisStream.connect(`${servers.redis}?topic=bench-${randomUUID()}`, {
              create: true,
            }),
            remove: async () => undefined,
          })),
        ],
      })
    },
  }
}

function candidate(
  name: string,
  servers: RelayServers,
  openTarget:
    | (() => Promise<{ readonly backend: Backend; readonly remove: () => Promise<void> }>)
    | undefined,
): Candidate {
  return {
    name,
    async open() {
      const database = await openSliceDatabase(servers.postgres)
      const source: Backend = await postgres({ pool: database.pool, create: true })
      await warmPool(database.pool)
      const target = await openTarget?.()
      const running = target === undefined ? undefined : relay(source, target.backend, { name: 'latency' })
      const arrivals = new Arrivals()
      await (target?.backend ?? source).stream.subscribe({
        group: `bench-${randomUUID()}`,
        handlers: (event) => arrivals.note(event.data as SentData),
      })
      return latencySession(arrivals, {
        async send(data) {
          await source.store.append('cart:1', [{ type: 'Sent', data }])
        },
        async close() {
          await running?.stop()
          await target?.backend.close()
          await target?.remove()
          await source.close()
          await database.close()
        },
      })
    },
  }
}
