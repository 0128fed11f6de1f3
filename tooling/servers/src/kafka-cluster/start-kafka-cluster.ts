import { Kafka, logLevel } from 'kafkajs'
import { freshPorts } from '../cluster/node-plan.ts'
import { stopNodes, type OwnCluster } from '../cluster/own-cluster.ts'
import { startOwnNodes } from '../cluster/start-own-nodes.ts'
import { untilWhole } from '../cluster/until-whole.ts'
import { askKafka } from '../kafka/ask-kafka.ts'
import { kafkaVersion } from '../kafka/kafka.ts'
import { nodeAddresses } from '../node-urls.ts'
import type { OwnServer } from '../own-server.ts'
import { kafkaClusterUrl, kafkaNodes, planKafkaCluster } from './plan-kafka-cluster.ts'

const answerDeadlineMs = 5_000

/** What one may ask of a Kafka of three nodes of one's own. */
export interface KafkaClusterOptions {
  /** Lines of `server.properties`, for every node. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Three Kafka nodes of one's own. */
export interface OwnKafkaCluster extends OwnCluster {
  /**
   * The node that now leads this partition.
   *
   * @throws Error when it has no leader at the moment.
   */
  leaderOf(topic: string, partition: number): Promise<OwnServer>
}

/**
 * Starts three fresh Kafka nodes for this process alone, replication 3 and `min.insync.replicas` 2 by default. Whole
 * means: all three are members, and all replicas of every partition are in sync.
 *
 * @throws {@link ServerStartError} with the reason and the remedy; nothing keeps running.
 */
export async function startKafkaCluster(options: KafkaClusterOptions = {}): Promise<OwnKafkaCluster> {
  const ports = await freshPorts(kafkaNodes)
  const nodes = await startOwnNodes('kafka', planKafkaCluster(ports, options.settings ?? {}))
  const url = kafkaClusterUrl(ports)
  const stop = (): Promise<void> => stopNodes(nodes)
  const ready = (deadlineMs = 60_000): Promise<void> =>
    untilWhole(url, deadlineMs, () => askKafka(url, { partitions: 'in-sync' }, answerDeadlineMs))
  try {
    await ready()
  } catch (error) {
    await stop()
    throw error
  }
  const leaderOf = (topic: string, partition: number): Promise<OwnServer> =>
    findLeader(url, nodes, topic, partition)
  return { url, version: kafkaVersion, nodes, ready, leaderOf, stop, [Symbol.asyncDispose]: stop }
}

async function findLeader(
  url: string,
  nodes: readonly OwnServer[],
  topic: string,
  partition: number,
): Promise<OwnServer> {
  const kafka = new Kafka({ brokers: [...nodeAddresses(url)], logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    const found = topics[0]?.partitions.find(({ partitionId }) => partitionId === partition)
    // Node n has the number n.
    const leader = found === undefined || found.leader < 1 ? undefined : nodes[found.leader - 1]
    if (leader === undefined) throw new Error(`partition ${partition} of topic "${topic}" has no leader`)
    return leader
  } finally {
    await admin.disconnect()
  }
}
