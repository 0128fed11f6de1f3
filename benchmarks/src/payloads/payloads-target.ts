import { startPostgres, startRedis } from '@eventspine/servers'
import type { OpenTarget } from '../target.ts'
import { inlineAppends, largeAppends, referenceReads } from './scenarios.ts'

/** A PostgreSQL for the events and a Redis for their payloads, of this run alone. */
export async function openPayloadsTarget(): Promise<OpenTarget> {
  const postgres = await startPostgres()
  const redis = await startRedis()
  const urls = { postgres: postgres.url, redis: redis.url }
  return {
    serverPid: postgres.pid,
    environment: { postgres: postgres.version, redis: redis.version },
    scenarios: [largeAppends(urls), referenceReads(urls), inlineAppends()],
    async [Symbol.asyncDispose]() {
      await redis.stop()
      await postgres.stop()
    },
  }
}
