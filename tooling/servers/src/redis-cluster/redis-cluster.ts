import { keptPorts } from '../cluster/node-plan.ts'
import { endNode, nodesFolder, startNodes } from '../cluster/start-nodes.ts'
import { redis } from '../redis/redis.ts'
import type { ServerDefinition } from '../server-definition.ts'
import { askRedisCluster } from './ask-redis-cluster.ts'
import { formRedisCluster, masters, planRedisCluster, redisClusterUrl } from './form-redis-cluster.ts'

/** A Redis Cluster of three masters without replicas. */
export const redisCluster: ServerDefinition = {
  name: 'redis-cluster',
  title: `Redis Cluster: ${masters} masters of the same Redis`,
  urlVariable: 'EVENTSPINE_TEST_REDIS_CLUSTER',
  stopSignal: redis.stopSignal,
  exitSignal: redis.exitSignal,
  probe: askRedisCluster,
  dataDirectory: (folder) => Promise.resolve(nodesFolder(folder)),

  async start(request) {
    const ports = await keptPorts(request.folder, masters, request.port)
    const nodes = await startNodes(redis, planRedisCluster(ports, request.settings), request)
    try {
      const version = await formRedisCluster(ports, 0)
      const [first, ...rest] = nodes.flatMap(({ processes }) => processes)
      if (first === undefined) throw new Error('a cluster has at least one node')
      const url = redisClusterUrl(ports)
      return { url, version, dataDirectory: nodesFolder(request.folder), processes: [first, ...rest] }
    } catch (error) {
      await Promise.all(nodes.map(endNode))
      throw error
    }
  },
}
