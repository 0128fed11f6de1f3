import { Redis } from 'ioredis'
import { nodeUrls } from '../node-urls.ts'

/** The URLs of all nodes that take writes: the one of `redis://`, or each master of a `redis-cluster://`. */
export async function redisNodes(url: string): Promise<readonly string[]> {
  if (!url.startsWith('redis-cluster:')) return [url]
  const [first = ''] = nodeUrls(url, 'redis:')
  const client = new Redis(first)
  try {
    // One line a node: id, address@bus, flags, …  https://redis.io/docs/latest/commands/cluster-nodes/
    const lines = String(await client.call('CLUSTER', 'NODES'))
      .trim()
      .split('\n')
    const fields = lines.map((line) => line.split(' '))
    return fields
      .filter(([, , flags = '']) => flags.split(',').includes('master') && !flags.includes('fail'))
      .map(([, address = '']) => `redis://${address.slice(0, address.indexOf('@'))}`)
  } finally {
    client.disconnect()
  }
}
