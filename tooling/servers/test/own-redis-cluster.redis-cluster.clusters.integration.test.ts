import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startRedisCluster, waitUntil } from '../src/index.ts'
import { nodeUrls } from '../src/node-urls.ts'
import { identifyProcess } from '../src/process-identity.ts'
import { serverDefinition } from '../src/registry.ts'
import { startOwnServer } from '../src/own-server.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eventspine-own-'))
  process.env['EVENTSPINE_DIRECTORY'] = directory
})

afterAll(async () => {
  delete process.env['EVENTSPINE_DIRECTORY']
  await rm(directory, { recursive: true })
})

/** Keys of many slots, so that every master has some of them. */
const keys = Array.from({ length: 30 }, (_, number) => `key-${number}`)

async function withCluster<Result>(url: string, work: (client: Cluster) => Promise<Result>): Promise<Result> {
  const client = new Cluster([...nodeUrls(url, 'redis:')])
  client.on('error', () => undefined)
  try {
    return await work(client)
  } finally {
    client.disconnect()
  }
}

async function readAll(client: Cluster): Promise<readonly (string | null)[]> {
  return await Promise.all(keys.map((key) => client.get(key)))
}

describe('a Redis Cluster of one’s own', () => {
  it('serves all slots, and each node is killed and restarted by itself without loss', async () => {
    const cluster = await startRedisCluster({ settings: { appendfsync: 'always' } })
    expect(cluster.nodes).toHaveLength(3)
    await withCluster(cluster.url, async (client) => {
      await Promise.all(keys.map((key) => client.set(key, key)))
    })
    const master = await cluster.masterOf('key-1')
    await master.kill()
    await expect(cluster.ready(200)).rejects.toThrow('not whole')
    for (const node of cluster.nodes) expect(identifyProcess(node.pid) === undefined).toBe(node === master)
    await master.restart()
    await cluster.ready()
    expect(await withCluster(cluster.url, readAll)).toEqual(keys)
    const pids = cluster.nodes.map(({ pid }) => pid)
    await cluster.stop()
    expect(pids.map(identifyProcess)).toEqual([undefined, undefined, undefined])
    await cluster.stop()
  })

  it('with replicas goes on by itself when a master dies, which then follows the new one', async () => {
    await using cluster = await startRedisCluster({ replicas: 1 })
    expect(cluster.nodes).toHaveLength(6)
    const before = await cluster.masterOf('key-1')
    const master = new Redis(before.url)
    await master.set('key-1', 'kept')
    // Otherwise the replica may lawfully not have it yet.
    expect(await master.wait(1, 5_000)).toBe(1)
    master.disconnect()
    await before.kill()
    const after = await waitUntil(
      async () => {
        const master = await cluster.masterOf('key-1')
        return master === before ? undefined : master
      },
      { deadlineMs: 30_000, intervalMs: 100 },
    )
    expect(after).toBeDefined()
    await before.restart()
    await cluster.ready()
    expect(await cluster.masterOf('key-1')).toBe(after)
    expect(await withCluster(cluster.url, (client) => client.get('key-1'))).toBe('kept')
  })
})

describe('a Redis Cluster as one server', () => {
  it('comes back whole on the same ports after all of its nodes were killed', async () => {
    await using server = await startOwnServer('redis-cluster', { settings: { appendfsync: 'always' } })
    const { url } = server
    await withCluster(url, (client) => client.set('kept', '1'))
    await server.kill()
    await expect(serverDefinition('redis-cluster').probe(url, 2_000)).rejects.toThrow()
    await server.restart()
    expect(server.url).toBe(url)
    expect(await withCluster(url, (client) => client.get('kept'))).toBe('1')
  })
})
