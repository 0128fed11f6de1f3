import { randomUUID } from 'node:crypto'
import type { OpenRequest, TestBackend } from '@eventspine/conformance'
import { ownTable } from '@eventspine/servers'
import { Kafka, logLevel } from 'kafkajs'
import { openPair } from './pair-bed.ts'

/** A topic and a table of their own: events in Kafka, all of their data in DynamoDB (an emulator, unless a URL was given). */
export async function openKafkaDynamodb(
  servers: { readonly kafka: string; readonly dynamodb: string },
  request: OpenRequest,
): Promise<TestBackend> {
  const topic = `conformance-${randomUUID()}`
  const table = ownTable(servers.dynamodb)
  const pair = {
    urls: { target: `${servers.kafka}/${topic}`, payloads: table.url },
    trimFeed: () => trim(servers.kafka, topic),
    remove: () => table.remove(),
  }
  return openPair(pair, request)
}

/** Deletes all records that the topic holds. */
async function trim(url: string, topic: string): Promise<void> {
  const admin = new Kafka({ brokers: [new URL(url).host], logLevel: logLevel.NOTHING }).admin()
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
