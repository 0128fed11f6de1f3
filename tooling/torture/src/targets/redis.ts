import { startRedis, startRedisCluster } from '@eventspine/servers'
import { crash } from './crash.ts'
import type { ServerSettings, Target } from '../target.ts'

const module = new URL('../stores/redis-store.ts', import.meta.url).href

// Acknowledged means on disk, so that a killed server has no excuse.
const onDisk = { appendfsync: 'always' }

const traits = { documents: true, sharedTransaction: false, processes: 3, leaseMs: 700, mostCalls: 300 }

export async function openRedis(settings: ServerSettings): Promise<Target> {
  const server = await startRedis({ settings: { ...onDisk, ...settings } })
  let stores = 0
  return {
    ...traits,
    newStore: async () => ({ module, url: `${server.url}?prefix=torture-${++stores}` }),
    crashServer: () => crash(server),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

export async function openRedisStream(settings: ServerSettings): Promise<Target> {
  const server = await startRedis({ settings: { ...onDisk, ...settings } })
  let logs = 0
  return {
    ...traits,
    newStore: async () => ({ module, url: `${server.url}?topic=torture-${++logs}` }),
    crashServer: () => crash(server),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

/**
 * Three masters, one of which is killed and comes back by itself. None is replaced by a replica: what that may lose is
 * lawful, and another question.
 */
export async function openRedisCluster(settings: ServerSettings): Promise<Target> {
  const cluster = await startRedisCluster({ settings: { ...onDisk, ...settings } })
  let stores = 0
  return {
    ...traits,
    newStore: async () => ({ module, url: `${cluster.url}?prefix=torture-${++stores}` }),
    crashServer: async (random) => {
      await crash(random.pick(cluster.nodes))
      await cluster.ready()
    },
    [Symbol.asyncDispose]: () => cluster.stop(),
  }
}
