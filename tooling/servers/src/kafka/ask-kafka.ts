import { Kafka, logLevel, type Admin } from 'kafkajs'
import { nodeAddresses } from '../node-urls.ts'

/** How much must work before an answer counts. */
export type KafkaScope =
  /** These brokers are members of the cluster, whatever became of the others. */
  | 'brokers'
  /** And every partition there is has a leader. */
  | 'partitions'

/**
 * Asks the brokers of `url` for the cluster's metadata.
 *
 * @throws Error when one of them is no member of the cluster, when a partition is without a leader, or when the answer
 * takes longer than `deadlineMs`.
 */
export async function askKafka(url: string, scope: KafkaScope, deadlineMs: number): Promise<void> {
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
    await within(deadlineMs, ask(admin, addresses, scope))
  } finally {
    await admin.disconnect()
  }
}

async function ask(admin: Admin, addresses: readonly string[], scope: KafkaScope): Promise<void> {
  await admin.connect()
  const { brokers } = await admin.describeCluster()
  // The brokers of a given server may be advertised by other names than the URL has; their number is no less.
  const members = brokers.length
  if (members < addresses.length) throw new Error(`${members} of ${addresses.length} brokers are members`)
  if (scope === 'brokers') return
  const { topics } = await admin.fetchTopicMetadata()
  const orphan = topics.find(({ partitions }) => partitions.some(({ leader }) => leader < 0))
  if (orphan !== undefined) throw new Error(`a partition of topic "${orphan.name}" has no leader`)
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
