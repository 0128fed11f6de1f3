import { type OwnServer, startKafka, startPostgres, startRedis } from '@eventspine/servers'
import type { OpenTarget } from '../target.ts'
import { relayLatency } from './latency-scenario.ts'
import { relayThroughput } from './throughput-scenario.ts'

/** A PostgreSQL, a Kafka and a Redis of this run alone, and what is measured between them. */
export async function openRelayTarget(): Promise<OpenTarget> {
  const started: OwnServer[] = []
  const stop = async (): Promise<void> => {
    for (const server of started.splice(0).reverse()) await server.stop()
  }
  const start = async (starting: Promise<OwnServer>): Promise<OwnServer> => {
    const server = await starting
    started.push(server)
    return server
  }
  try {
    const postgres = await start(startPostgres({ settings: { max_wal_size: '4GB' } }))
    const kafka = await start(startKafka())
    const redis = await start(startRedis())
    const urls = { postgres: postgres.url, kafka: kafka.url, redis: redis.url }
    return {
      serverPid: undefined,
      environment: { postgres: postgres.version, kafka: kafka.version, redis: redis.version },
      scenarios: [relayThroughput(urls), relayLatency(urls)],
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

export interface RelayServers {
  readonly postgres: string
  readonly kafka: string
  readonly redis: string
}
