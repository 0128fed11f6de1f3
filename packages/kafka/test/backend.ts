import { randomUUID } from 'node:crypto'
import type { OpenRequest, TestBackend } from '@eventspine/conformance'
import type { Backend, DocumentStore } from '@eventspine/core'
import { kafkaSocketFactory, startFaultProxy } from '@eventspine/servers'
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { createTopic, kafka } from '../src/index.ts'

const adapter = new URL('../src/index.ts', import.meta.url).href

/** The URL of the server that the run has started, or was given. */
export function serverUrl(): string {
  const url = process.env['EVENTSPINE_TEST_KAFKA']
  if (url === undefined)
    throw new Error('EVENTSPINE_TEST_KAFKA is not set: run through vitest of the workspace')
  return url
}

/** A client as `kafka.connect` makes one. */
function clientOf(url: string, config: Partial<KafkaConfig> = {}): Kafka {
  return new Kafka({
    brokers: [new URL(url).host],
    retry: { initialRetryTime: 5, multiplier: 2, maxRetryTime: 200, retries: 30 },
    connectionTimeout: 3000,
    requestTimeout: 10_000,
    logLevel: logLevel.NOTHING,
    ...config,
  })
}

/**
 * A topic of its own; the first client reaches it through a proxy that can lose replies.
 *
 * @param documents - where groups keep their checkpoints; default: in Kafka's offsets.
 */
export async function openKafka(
  url: string,
  { partitions }: OpenRequest,
  documents?: DocumentStore,
): Promise<TestBackend> {
  const topic = `conformance-${randomUUID()}`
  const direct = clientOf(url)
  await createTopic(direct, { topic, partitions })
  const proxy = await startFaultProxy(url)
  const proxied = clientOf(url, { socketFactory: kafkaSocketFactory([proxy]) })
  const opened: Backend[] = []
  const open = async (client: Kafka): Promise<Backend> => {
    const backend = await kafka({ client, topic, documents })
    opened.push(backend)
    return backend
  }
  let backend = await open(proxied)
  return {
    get backend() {
      return backend
    },
    sibling: () => open(direct),
    reopen: async () => {
      await backend.close()
      backend = await open(proxied)
      return backend
    },
    child: { module: adapter, url: `${url}/${topic}` },
    loseReply: async () => {
      // A client that goes around the proxy leaves a fault waiting, whose place the next one takes.
      proxy.loseReply({ kafka: 'Produce', containing: topic }).catch(() => undefined)
    },
    loseRelayReply: async () => {
      proxy.loseReply({ kafka: 'EndTxn' }).catch(() => undefined)
    },
    trimFeed: () => trim(direct, topic),
    outage: async () => {
      await proxy.refuse()
      proxy.cut()
      return { end: () => proxy.pass() }
    },
    close: async () => {
      await proxy.pass()
      await Promise.all(opened.map((each) => each.close()))
      await proxy.close()
    },
  }
}

/** Deletes all records that the topic holds. */
async function trim(client: Kafka, topic: string): Promise<void> {
  const admin = client.admin()
  await admin.connect()
  try {
    const offsets = await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({
      topic,
      partitions: offsets.map(({ partition, high }) => ({ partition, offset: high })),
    })
  } finally {
    await admin.disconnect()
  }
}
