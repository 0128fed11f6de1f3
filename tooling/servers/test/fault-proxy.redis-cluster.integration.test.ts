import { Cluster } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { createKeyspace, redisNatMap, serverUrl, startFaultProxy } from '../src/index.ts'
import { nodeUrls } from '../src/node-urls.ts'
import { clusterView, servesSlot, slotOf } from '../src/redis-cluster/ask-redis-cluster.ts'

describe('fault proxies in front of a Redis Cluster', () => {
  it('are gone through by every connection of a client that has their map of addresses', async () => {
    const url = await serverUrl('redis-cluster')
    await using own = createKeyspace(url)
    const nodes = nodeUrls(url, 'redis:')
    const proxies = await Promise.all(nodes.map((node) => startFaultProxy(node)))
    const client = new Cluster([...nodes], {
      natMap: redisNatMap(proxies),
      clusterRetryStrategy: () => null,
      redisOptions: { maxRetriesPerRequest: 0 },
    })
    client.on('error', () => undefined)
    const keys = Array.from({ length: 30 }, (_, number) => `${own.prefix}:${number}`)
    try {
      await Promise.all(keys.map((key) => client.set(key, 1)))
      for (const { connections } of proxies) expect(connections).toBeGreaterThan(0)
      const [first = ''] = keys
      const slot = await slotOf(nodes, first, 5_000)
      const view = await clusterView(nodes, 5_000)
      const master = proxies.find(({ targetPort }) =>
        view.some((line) => line.port === targetPort && servesSlot(line, slot)),
      )
      const lost = master?.loseReply({ containing: first })
      await client.incr(first)
      expect(await lost).toEqual({ droppedBytes: ':2\r\n'.length })
      // Sent again by ioredis after the lost reply, and so executed twice.
      expect(await client.get(first)).toBe('3')
    } finally {
      client.disconnect()
      for (const proxy of proxies) await proxy.close()
    }
  })
})
