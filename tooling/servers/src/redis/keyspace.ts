import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { redisNodes } from './redis-nodes.ts'

/** Keys of one's own on a Redis or a Redis Cluster, for a test that must not meet another. */
export interface OwnKeyspace extends AsyncDisposable {
  /** The server's URL with `?prefix=`, as the Redis adapter takes it. */
  readonly url: string
  /** What the names of all keys of this test begin with, inside a hash tag or not. */
  readonly prefix: string
  /** How many keys there are now, over all nodes. */
  count(): Promise<number>
  /** Removes every key whose name begins with the prefix or with `{` and the prefix. */
  remove(): Promise<void>
}

/**
 * Thinks of a prefix that nobody else uses.
 *
 * @param url - `redis://…`, or `redis-cluster://host:port,host:port`.
 */
export function createKeyspace(url: string): OwnKeyspace {
  const prefix = `t${randomUUID().replaceAll('-', '').slice(0, 16)}`
  const remove = async (): Promise<void> => {
    await eachKey(url, prefix, async (client, keys) => {
      // One by one: the keys of several slots cannot be named in one call of a cluster.
      await Promise.all(keys.map((key) => client.unlink(key)))
    })
  }
  const count = async (): Promise<number> => {
    // SCAN may give a key twice.
    const found = new Set<string>()
    await eachKey(url, prefix, (_client, keys) => {
      for (const key of keys) found.add(key)
      return Promise.resolve()
    })
    return found.size
  }
  return {
    url: `${url}${url.includes('?') ? '&' : '?'}prefix=${prefix}`,
    prefix,
    count,
    remove,
    [Symbol.asyncDispose]: remove,
  }
}

async function eachKey(
  url: string,
  prefix: string,
  work: (client: Redis, keys: readonly string[]) => Promise<void>,
): Promise<void> {
  for (const node of await redisNodes(url)) {
    const client = new Redis(node)
    try {
      for (const pattern of [`${prefix}*`, `{${prefix}*`]) {
        for await (const keys of client.scanStream({ match: pattern, count: 1000 })) {
          await work(client, keys as string[]) // The stream gives the names of one SCAN at a time.
        }
      }
    } finally {
      client.disconnect()
    }
  }
}
