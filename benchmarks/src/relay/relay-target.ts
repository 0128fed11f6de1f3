import { startKafka, startPostgres, startRedis } from '@eventspine/servers'
import type { OpenTarget } from '../target.ts'
import { relayLatency } from './latency-scenario.ts'
import { relayThroughput } from './throughput-scenario.ts'

/** A PostgreSQL, a Kafka and a Redis of this run alone, and what is measured between them. */
export async function openRelayTarget(): Promise<OpenTarget> {
  await using servers = new AsyncDisposableStack()
  const start = async <Server extends { stop(): Promise<void> }>(
    starting: Promise<Server>,
  ): Promise<Server> => {
    const server = await starting
    servers.defer(() => server.stop())
    return server
  }
  const postgres = await start(startPostgres({ settings: { max_wal_size: '4GB' } }))
  const kafka = await start(startKafka())
  const redis = await start(startRedis())
  const urls = { postgres: postgres.url, kafka: kafka.url, redis: redis.url }
  const owned = servers.move()
  return {
    serverPid: undefined,
    environment: { postgres: postgres.version, kafka: kafka.version, redis: redis.version },
    scenarios: [relayThroughput(urls), relayLatency(urls)],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

export interface RelayServers {
  readonly postgres: string
  readonly kafka: string
  readonly redis: string
}
