import { Kafka, logLevel, type Admin } from 'kafkajs'
import { nodeAddresses } from '../node-urls.ts'

/** What must be so before an answer counts. */
export interface KafkaExpectation {
  /** This broker is a member of the cluster. */
  readonly nodeId?: number
  /** Every partition has a leader, or all of its replicas are in step. */
  readonly partitions?: 'led' | 'in-sync'
}

/**
 * Asks the brokers of `url` for the cluster's metadata.
 *
 * @throws Error when fewer brokers than the URL names are members of the cluster, when an expectation is not met, or
 * when the answer takes longer than `deadlineMs`.
 */
export async function askKafka(
  url: string,
  expectation: KafkaExpectation,
  deadlineMs: number,
): Promise<void> {
  const addresses = nodeAddresses(url)
  const kafka = new Kafka({
    clientId: 'eventspine-probe',
    brokers: [...addresses],
    connectionTimeout: deadlineMs,
    requestTimeout: deadlineMs,
    retry: { retries: 0 },
    logLevel: logLevel.NOTHING,
  })
  const admin = kafka.admin()
  try {
    await within(deadlineMs, ask(admin, addresses.length, expectation))
  } finally {
    await admin.disconnect()
  }
}

async function ask(admin: Admin, atLeast: number, { nodeId, partitions }: KafkaExpectation): Promise<void> {
  await admin.connect()
  const { brokers } = await admin.describeCluster()
  if (brokers.length < atLeast) throw new Error(`${brokers.length} of ${atLeast} brokers are members`)
  if (nodeId !== undefined && !brokers.some((broker) => broker.nodeId === nodeId)) {
    throw new Error(`broker ${nodeId} is no member yet`)
  }
  if (partitions === undefined) return
  const { topics } = await admin.fetchTopicMetadata()
  for (const topic of topics) {
    for (const { partitionId, leader, isr, replicas } of topic.partitions) {
      const place = `partition ${partitionId} of topic "${topic.name}"`
      if (leader < 0) throw new Error(`${place} has no leader`)
      if (partitions === 'in-sync' && isr.length < replicas.length) {
        throw new Error(`${isr.length} of ${replicas.length} replicas of ${place} are in sync`)
      }
    }
  }
}

async function within(deadlineMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
