import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { EventStoreError, invalidArgument } from '@eventspine/core'
import { brokerAnswer, classifyError } from './classify-error.ts'
import type { KafkaAdmin, KafkaClient } from './client.ts'
import { checkTopicName } from './options.ts'
import { relayTopicOf } from './relay-topic.ts'

/** What {@link createTopic} makes. */
export interface CreateTopicOptions {
  readonly topic: string
  /** A power of two up to 1,024; it cannot be changed later. Default 1, which gives one order of all events. */
  readonly partitions?: number | undefined
  /** Copies of each partition. Default: the cluster's `default.replication.factor`. */
  readonly replicas?: number | undefined
  /** Milliseconds that events are kept; -1: for ever. Default: the cluster's `log.retention.ms`. */
  readonly retentionMs?: number | undefined
  /** Other settings of the topic, as Kafka calls them: `{ 'min.insync.replicas': '2' }`. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** Milliseconds to wait until every partition has a leader. Default 30,000. */
  readonly timeoutMs?: number | undefined
}

/** What is known of a topic that fits. */
export interface TopicFacts {
  readonly partitions: number
  readonly incarnation: string
  readonly maxMessageBytes: number
  /** Of the cluster, those that are there. */
  readonly brokers: number
}

const RELAY_SEGMENT_BYTES = 4 * 1024 * 1024

/**
 * Creates a topic for events and, beside it, the compacted one in which relays keep their positions
 * (`<topic>.relays`), and waits until every partition of both has a leader. A topic that exists is verified.
 *
 * @returns whether the topic was made.
 * @throws {@link EventStoreError} `INVALID_ARGUMENT`, `STORE_INCOMPATIBLE`: it exists and does not fit;
 *   `ACCESS_DENIED`, `BACKEND_UNAVAILABLE`. Repeating the call finishes what it began.
 */
export async function createTopic(client: KafkaClient, options: CreateTopicOptions): Promise<boolean> {
  const { topic, partitions = 1, replicas = -1, retentionMs, settings = {}, timeoutMs = 30_000 } = options
  checkTopicName(topic)
  checkPartitions(partitions)
  const retention = retentionMs === undefined ? {} : { 'retention.ms': String(retentionMs) }
  const deadlineMs = performance.now() + timeoutMs
  return withAdmin(client, async (admin) => {
    const events = { 'cleanup.policy': 'delete', ...retention, ...settings }
    const made = await createOne(admin, { topic, partitions, replicas, settings: events }, deadlineMs)
    const control = {
      topic: relayTopicOf(topic),
      partitions,
      replicas,
      // Small segments, since the last one is never compacted: who opens a session reads what was written since.
      settings: { 'cleanup.policy': 'compact', 'segment.bytes': String(RELAY_SEGMENT_BYTES) },
    }
    await createOne(admin, control, deadlineMs)
    await verifyTopic(admin, topic, partitions)
    return made
  })
}

interface OneTopic {
  readonly topic: string
  readonly partitions: number
  readonly replicas: number
  readonly settings: Readonly<Record<string, string>>
}

async function createOne(admin: KafkaAdmin, one: OneTopic, deadlineMs: number): Promise<boolean> {
  let made: boolean
  try {
    made = await admin.createTopics({
      // It may say that a topic is unknown which was made just now; leaders are waited for below.
      waitForLeaders: false,
      topics: [
        {
          topic: one.topic,
          numPartitions: one.partitions,
          replicationFactor: one.replicas,
          configEntries: Object.entries(one.settings).map(([name, value]) => ({ name, value })),
        },
      ],
    })
  } catch (error) {
    throw classifyError(topicError(error), { phase: 'read' })
  }
  await untilLed(admin, one, deadlineMs)
  return made
}

/** kafkajs gathers the failures of creating topics in one error. */
function topicError(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('errors' in error)) return error
  return Array.isArray(error.errors) ? (error.errors[0] ?? error) : error
}

async function untilLed(
  admin: KafkaAdmin,
  { topic, partitions }: OneTopic,
  deadlineMs: number,
): Promise<void> {
  for (;;) {
    const led = await ledPartitions(admin, topic)
    // One that exists with another count is told by the verification.
    if (led.all > 0 && led.led === led.all) return
    if (performance.now() > deadlineMs) {
      throw new EventStoreError(
        'BACKEND_UNAVAILABLE',
        `kafka: ${led.led} of ${partitions} partitions of topic ${JSON.stringify(topic)} have a leader`,
        { retryable: true },
      )
    }
    await delay(20)
  }
}

async function ledPartitions(
  admin: KafkaAdmin,
  topic: string,
): Promise<{ readonly all: number; readonly led: number }> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    const partitions = topics.find(({ name }) => name === topic)?.partitions ?? []
    return { all: partitions.length, led: partitions.filter(({ leader }) => leader >= 0).length }
  } catch (error) {
    const answer = brokerAnswer(error)
    // Brokers learn of a new topic one after the other.
    if (answer === 'UNKNOWN_TOPIC_OR_PARTITION' || answer === 'LEADER_NOT_AVAILABLE')
      return { all: 0, led: 0 }
    throw classifyError(error, { phase: 'read' })
  }
}

/**
 * Reads what has to be known of a topic, and refuses one in which events would be lost or disordered.
 *
 * @throws {@link EventStoreError} `STORE_MISSING`, or `STORE_INCOMPATIBLE` with the setting at fault.
 */
export async function verifyTopic(
  admin: KafkaAdmin,
  topic: string,
  wanted: number | undefined,
): Promise<TopicFacts> {
  const partitions = await countPartitions(admin, topic)
  const name = JSON.stringify(topic)
  if (partitions === 0) {
    throw new EventStoreError(
      'STORE_MISSING',
      `kafka: the topic ${name} does not exist: make it with createTopic(), or open with create: true`,
    )
  }
  if (!isPartitionCount(partitions)) {
    throw new EventStoreError(
      'STORE_INCOMPATIBLE',
      `kafka: the topic ${name} has ${partitions} partitions; a power of two up to 1,024 is needed`,
    )
  }
  if (wanted !== undefined && wanted !== partitions) {
    throw new EventStoreError(
      'STORE_INCOMPATIBLE',
      `kafka: the topic ${name} has ${partitions} partitions, ${wanted} were asked for`,
    )
  }
  const settings = await settingsOf(admin, topic)
  const policy = settings.get('cleanup.policy') ?? 'delete'
  if (policy.includes('compact')) {
    throw new EventStoreError(
      'STORE_INCOMPATIBLE',
      `kafka: the topic ${name} has cleanup.policy=${policy}: compaction would drop all but the last event of each stream`,
    )
  }
  const maxMessageBytes = Number(settings.get('max.message.bytes'))
  const { clusterId, brokers } = await clusterOf(admin)
  return {
    partitions,
    brokers: brokers.length,
    incarnation: incarnationOf(clusterId, topic),
    // The default of brokers: https://kafka.apache.org/documentation/#topicconfigs_max.message.bytes
    maxMessageBytes: Number.isInteger(maxMessageBytes) && maxMessageBytes > 0 ? maxMessageBytes : 1_048_588,
  }
}

/** How many partitions a topic has; 0: it does not exist. */
export async function countPartitions(admin: KafkaAdmin, topic: string): Promise<number> {
  return (await ledPartitions(admin, topic)).all
}

/** The offsets between which a partition's records are kept. Brokers tell the last stable one as `high`. */
export async function topicBounds(
  admin: KafkaAdmin,
  topic: string,
  partition: number,
): Promise<{ readonly low: number; readonly high: number }> {
  try {
    const found = (await admin.fetchTopicOffsets(topic)).find((each) => each.partition === partition)
    return { low: Number(found?.low ?? 0), high: Number(found?.high ?? 0) }
  } catch (error) {
    throw classifyError(error, { phase: 'read' })
  }
}

async function settingsOf(admin: KafkaAdmin, topic: string): Promise<ReadonlyMap<string, string>> {
  // 2 is a topic: https://kafka.apache.org/protocol#The_Messages_DescribeConfigs
  const resource = { type: 2, name: topic, configNames: ['cleanup.policy', 'max.message.bytes'] }
  try {
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] })
    const entries = resources[0]?.configEntries ?? []
    return new Map(entries.map(({ configName, configValue }) => [configName, configValue]))
  } catch (error) {
    throw classifyError(error, { phase: 'read' })
  }
}

async function clusterOf(admin: KafkaAdmin): Promise<Awaited<ReturnType<KafkaAdmin['describeCluster']>>> {
  try {
    return await admin.describeCluster()
  } catch (error) {
    throw classifyError(error, { phase: 'read' })
  }
}

/** Names a topic of a cluster: kafkajs tells no topic's own id. */
export function incarnationOf(clusterId: string, topic: string): string {
  return createHash('sha256').update(`${clusterId}/${topic}`).digest('hex').slice(0, 16)
}

/** Lends an admin connection of our own. */
export async function withAdmin<Result>(
  client: KafkaClient,
  work: (admin: KafkaAdmin) => Promise<Result>,
): Promise<Result> {
  const admin = client.admin()
  try {
    await admin.connect()
  } catch (error) {
    await admin.disconnect()
    throw classifyError(error, { phase: 'read' })
  }
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

function isPartitionCount(count: number): boolean {
  return Number.isInteger(count) && count >= 1 && count <= 1024 && (count & (count - 1)) === 0
}

function checkPartitions(count: number): void {
  if (!isPartitionCount(count))
    throw invalidArgument('partitions', `must be a power of two from 1 to 1024, got ${String(count)}`)
}
