import { randomUUID } from 'node:crypto'
import type { OpenRequest, TestBackend } from '@eventspine/conformance'
import { createKeyspace, startFaultProxy } from '@eventspine/servers'
import { openPair } from './pair-bed.ts'

/** A schema and a keyspace of their own: events in PostgreSQL, all of their data in Redis. */
export async function openPostgresRedis(
  servers: { readonly postgres: string; readonly redis: string },
  request: OpenRequest,
): Promise<TestBackend> {
  // Schemas go with the database, which is the run's own.
  const schema = `test_${randomUUID().replaceAll('-', '')}`
  const keyspace = createKeyspace(servers.redis)
  const proxy = await startFaultProxy(servers.postgres)
  const pair = {
    urls: { target: `${servers.postgres}?schema=${schema}`, payloads: keyspace.url },
    proxiedTarget: `${proxy.url}?schema=${schema}`,
    proxy,
    remove: () => keyspace.remove(),
  }
  return openPair(pair, request)
}
