import type { OpenRequest, TestBackend } from '@eventspine/conformance'
import type { Backend } from '@eventspine/core'
import { createKeyspace, startFaultProxy } from '@eventspine/servers'
import { redis } from '../src/index.ts'

const adapter = new URL('../src/index.ts', import.meta.url).href

/** The URL of the server that the run has started, or was given. */
export function serverUrl(): string {
  const url = process.env['EVENTSPINE_TEST_REDIS']
  if (url === undefined)
    throw new Error('EVENTSPINE_TEST_REDIS is not set: run through vitest of the workspace')
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
