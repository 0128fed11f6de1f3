import { freshPorts } from '../cluster/node-plan.ts'
import { stopNodes, type OwnCluster } from '../cluster/own-cluster.ts'
import { startOwnNodes } from '../cluster/start-own-nodes.ts'
import { untilWhole } from '../cluster/until-whole.ts'
import type { OwnServer } from '../own-server.ts'
import { askRedisCluster, clusterView, servesSlot, slotOf } from './ask-redis-cluster.ts'
import { formRedisCluster, masters, planRedisCluster, redisClusterUrl } from './form-redis-cluster.ts'

const answerDeadlineMs = 5_000

/** What one may ask of a Redis Cluster of one's own. */
export interface RedisClusterOptions {
  /** Replicas of each of the three masters; one makes six nodes. @defaultValue 0 */
  readonly replicas?: number
  /** Lines of `redis.conf`, for every node. */
  readonly settings?: Readonly<Record<string, string>>
}

/** A Redis Cluster of one's own. */
export interface OwnRedisCluster extends OwnCluster {
  /** The node that now takes writes of this key, as the living nodes see it. */
  masterOf(key: string): Promise<OwnServer>
}

/**
 * Starts a fresh Redis Cluster of three masters for this process alone. Whole means: all slots are served, all nodes
 * are connected, replicas follow their masters.
 *
 * A dead master is replaced by its replica after about two seconds (`cluster-node-timeout`); without replicas the
 * cluster takes no commands until it is back.
 *
 * @throws {@link ServerStartError} with the reason and the remedy; nothing keeps running.
 */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<OwnRedisCluster> {
  const { replicas = 0, settings = {} } = options
  const ports = await freshPorts(masters * (1 + replicas))
  const nodes = await startOwnNodes('redis', planRedisCluster(ports, settings))
  const url = redisClusterUrl(ports)
  const stop = (): Promise<void> => stopNodes(nodes)
  try {
    const version = await formRedisCluster(ports, replicas)
    return {
      url,
      version,
      nodes,
      ready: (deadlineMs = 60_000) =>
        untilWhole(url, deadlineMs, async () => {
          await askRedisCluster(url, answerDeadlineMs)
        }),
      masterOf: (key) => masterOf(nodes, key),
      stop,
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function masterOf(nodes: readonly OwnServer[], key: string): Promise<OwnServer> {
  const urls = nodes.map(({ url }) => url)
  const slot = await slotOf(urls, key, answerDeadlineMs)
  const view = await clusterView(urls, answerDeadlineMs)
  const owner = view.find((line) => servesSlot(line, slot))
  const master = nodes.find(({ url }) => new URL(url).port === String(owner?.port))
  if (master === undefined) throw new Error(`no node serves slot ${slot}`)
  return master
}
