import { type OpenRequest, type TestBackend, testBed } from '@eventspine/conformance'
import { createKeyspace, startFaultProxy } from '@eventspine/servers'
import { Redis } from 'ioredis'
import { redisStream, type RedisStreamBackend } from '../src/index.ts'
import { relayScript } from '../src/stream/relay-scripts.ts'

const adapter = new URL('../src/index.ts', import.meta.url).href

/** A stream of its own on the server of `url`; the first client reaches it through a proxy that can lose replies. */
export async function openRedisStream(url: string, { partitions }: OpenRequest): Promise<TestBackend> {
  const keyspace = createKeyspace(url)
  const { prefix } = keyspace
  const proxy = await startFaultProxy(url)
  const opened: RedisStreamBackend[] = []
  const open = async (address: string, create = false): Promise<RedisStreamBackend> => {
    const backend = await redisStream.connect(address, { prefix, topic: 'test', create, partitions })
    opened.push(backend)
    return backend
  }
  let backend = await open(proxy.url, true)
  const direct = await open(url)
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
    child: { module: adapter, url: `${keyspace.url}&topic=test` },
    loseReply: async () => void proxy.loseReply({ containing: 'counter:lost' }),
    loseRelayReply: async () => {
      // A server that does not know the script would answer that, and execute nothing.
      await loadScript(url, relayScript.source)
      // Clients that go around the proxy leave a fault waiting, whose place the next one takes.
      proxy.loseReply({ containing: relayScript.sha }).catch(() => undefined)
    },
    trimFeed: async () => void (await direct.trim({ maxEvents: 0, force: true })),
    trimHandled: async () => void (await direct.trim({ maxEvents: 0 })),
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

async function loadScript(url: string, source: string): Promise<void> {
  const client = new Redis(url)
  try {
    await client.script('LOAD', source)
  } finally {
    client.disconnect()
  }
}

/** A stream of its own on the cluster of `url`, reached without a proxy: its servers tell clients where they are. */
export function openClusterStream(url: string, { partitions }: OpenRequest): Promise<TestBackend> {
  const keyspace = createKeyspace(url)
  const opened: RedisStreamBackend[] = []
  const trim = async (force: boolean): Promise<void> => {
    await opened[0]?.trim({ maxEvents: 0, force })
  }
  const open = async (): Promise<RedisStreamBackend> => {
    // What is there already is left as it is.
    const options = { prefix: keyspace.prefix, topic: 'test', create: true, partitions }
    const backend = await redisStream.connect(url, options)
    opened.unshift(backend)
    return backend
  }
  return testBed(open, {
    child: { module: adapter, url: `${keyspace.url}&topic=test` },
    trimFeed: () => trim(true),
    trimHandled: () => trim(false),
    remove: () => keyspace.remove(),
  })
}
