import { randomUUID } from 'node:crypto'
import { type Backend } from '@eventspine/core'
import { kafka } from '@eventspine/kafka'
import kafkajs, { type Kafka } from 'kafkajs'

/** A topic of one slice, with a client of kafkajs whose settings are those that our own clients get. */
export interface OwnTopic {
  readonly topic: string
  readonly client: Kafka
  open(): Promise<Backend>
  /** Deletes the topic. */
  close(): Promise<void>
}

export async function openTopic(serverUrl: string, partitions = 1): Promise<OwnTopic> {
  const topic = `bench-${randomUUID()}`
  const client = kafkaClient(serverUrl)
  const url = `${serverUrl}/${topic}`
  await (await kafka.connect(url, { create: true, partitions })).close()
  return {
    topic,
    client,
    open: () => kafka.connect(url),
    async close() {
      const admin = client.admin()
      await admin.connect()
      await admin.deleteTopics({ topics: [topic, `${topic}.relays`] })
      await admin.disconnect()
    },
  }
}

function kafkaClient(serverUrl: string): Kafka {
  return new kafkajs.Kafka({
    brokers: serverUrl.replace('kafka://', '').split(','),
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 5, multiplier: 2, maxRetryTime: 200, retries: 30 },
  })
}

/** How many events the topic holds, markers of transactions left out by whoever wrote none. */
export async function storedCount({ client, topic }: OwnTopic): Promise<number> {
  const admin = client.admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  return offsets.reduce((sum, { high }) => sum + Number(high), 0)
}
