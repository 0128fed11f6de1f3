import { Cluster } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { createKeyspace, serverUrl } from '../src/index.ts'
import { nodeUrls } from '../src/node-urls.ts'
import { serverDefinition } from '../src/registry.ts'

/** Keys of many slots, so that every master has some of them. */
const keys = Array.from({ length: 30 }, (_, number) => `key-${number}`)

describe('the Redis Cluster of a run', () => {
  it('is shared by tests with keyspaces of their own', async () => {
    const url = await serverUrl('redis-cluster')
    expect(await serverDefinition('redis-cluster').probe(url, 15_000)).toMatch(/^\d+\.\d+\.\d+$/)
    const own = createKeyspace(url)
    const client = new Cluster([...nodeUrls(url, 'redis:')])
    await Promise.all(keys.map((key) => client.set(`${own.prefix}:${key}`, key)))
    client.disconnect()
    expect(await own.count()).toBe(keys.length)
    await own.remove()
    expect(await own.count()).toBe(0)
  })
})
