import { randomUUID } from 'node:crypto'
import type { OpenRequest, TestBackend } from '@eventspine/conformance'
import type { Backend } from '@eventspine/core'
import { postgres } from '@eventspine/postgres'
import { redis } from '@eventspine/redis'
import { createKeyspace, startFaultProxy } from '@eventspine/servers'
import { claimCheckOver } from './memory-pair.ts'
import { openUrl, pairUrl } from './pair-url.ts'

/** A schema and a keyspace of their own: events in PostgreSQL, all of their data in Redis. */
export async function openPostgresRedis(
  servers: { readonly postgres: string; readonly redis: string },
  { partitions }: OpenRequest,
): Promise<TestBackend> {
  const schema = `test_${randomUUID().replaceAll('-', '')}`
  const keyspace = createKeyspace(servers.redis)
  const proxy = await startFaultProxy(servers.postgres)
  const direct = pairUrl(`${servers.postgres}?schema=${schema}`, keyspace.url)
  const proxied = pairUrl(`${proxy.url}?schema=${schema}`, keyspace.url)
  const opened: Backend[] = []
  const open = async (url: string, create: boolean): Promise<Backend> => {
    const backend = await openUrl(url, { create, partitions })
    opened.push(backend)
    return backend
  }
  let backend = await open(proxied, true)
  const target = await postgres.connect(servers.postgres, { schema, maxConnections: 2 })
  const payloads = await redis.connect(keyspace.url)
  opened.push(target, payloads)
  return {
    get backend() {
      return backend
    },
    sibling: () => open(direct, false),
    reopen: async () => {
      await backend.close()
      backend = await open(proxied, false)
      return backend
    },
    child: { module: import.meta.resolve('./pair-url.ts'), url: direct },
    claimCheck: claimCheckOver(target, payloads),
    loseReply: async () => void proxy.loseReply({ containing: 'counter:lost' }),
    outage: async () => {
      await proxy.refuse()
      proxy.cut()
      return { end: () => proxy.pass() }
    },
    close: async () => {
      await proxy.pass()
      await Promise.all(opened.map((each) => each.close()))
      await proxy.close()
      await keyspace.remove()
    },
  }
}
