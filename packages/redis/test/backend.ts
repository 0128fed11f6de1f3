import { type OpenRequest, type TestBackend, testBed } from '@eventspine/conformance'
import type { Backend } from '@eventspine/core'
import { createKeyspace, startFaultProxy } from '@eventspine/servers'
import { redis, type RedisClient } from '../src/index.ts'

const adapter = new URL('../src/index.ts', import.meta.url).href

/** The URL of the server that the run has started, or was given. */
export function serverUrl(): string {
  return given('EVENTSPINE_TEST_REDIS')
}

/** The URL of the cluster that the run has started, or was given. */
export function clusterUrl(): string {
  return given('EVENTSPINE_TEST_REDIS_CLUSTER')
}

function given(name: string): string {
  const url = process.env[name]
  if (url === undefined) throw new Error(`${name} is not set: run through vitest of the workspace`)
  return url
}

/** Keys of its own in the database of `url`; clients reach it through a proxy that can lose replies. */
export async function openRedis(
  url: string,
  { partitions }: OpenRequest,
  feed: 'reference' | 'body' = 'reference',
): Promise<TestBackend> {
  const keyspace = createKeyspace(url)
  const { prefix } = keyspace
  const proxy = await startFaultProxy(url)
  const opened: Backend[] = []
  const open = async (address: string, create = false): Promise<Backend> => {
    const backend = await redis.connect(address, { prefix, feed, create, partitions })
    opened.push(backend)
    return backend
  }
  let backend = await open(proxy.url, true)
  return {
    get backend() {
      return backend
    },
    sibling: () => open(url),
    reopen: async () => {
      await backend.close()
      backend = await open(proxy.url)
      return backend
    },
    child: { module: adapter, url: `${keyspace.url}&feed=${feed}` },
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

/** Keys of its own on the cluster of `url`, reached without a proxy: its servers tell clients where they are. */
export function openCluster(url: string, { partitions }: OpenRequest): Promise<TestBackend> {
  const keyspace = createKeyspace(url)
  // What is there already is left as it is.
  return testBed(() => redis.connect(url, { prefix: keyspace.prefix, create: true, partitions }), {
    child: { module: adapter, url: keyspace.url },
    remove: () => keyspace.remove(),
  })
}

/** Keys of its own on the server of `url`, over clients that the caller makes. */
export function openInjected(
  url: string,
  { partitions }: OpenRequest,
  make: (url: string) => RedisClient & { disconnect(): void },
): Promise<TestBackend> {
  const keyspace = createKeyspace(url)
  const { prefix } = keyspace
  const clients: { disconnect(): void }[] = []
  const open = (): Promise<Backend> => {
    const client = make(url)
    clients.push(client)
    return redis({ client, prefix, create: true, partitions })
  }
  return testBed(open, {
    child: { module: adapter, url: keyspace.url },
    remove: async () => {
      for (const client of clients) client.disconnect()
      await keyspace.remove()
    },
  })
}
