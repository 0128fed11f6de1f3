import { randomUUID } from 'node:crypto'
import { freePort } from '@eventspine/servers'
import { Kafka, logLevel, type Admin } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTopic, kafka, openUrl } from '../src/index.ts'
import { serverUrl } from './backend.ts'
import { clientOf, uniqueTopic } from './client-of.ts'

const client = clientOf(serverUrl())
let admin: Admin
beforeAll(async () => {
  admin = client.admin()
  await admin.connect()
})
afterAll(() => admin.disconnect())

async function madeByOthers(partitions: number, settings: Record<string, string> = {}): Promise<string> {
  const topic = uniqueTopic()
  const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
  await admin.createTopics({
    topics: [{ topic, numPartitions: partitions, replicationFactor: 1, configEntries }],
  })
  return topic
}

describe('a topic', () => {
  it('is made with the relays’ topic beside it, by any number of callers at once', async () => {
    const topic = uniqueTopic()
    const made = await Promise.all(
      Array.from({ length: 4 }, () => createTopic(client, { topic, partitions: 8, retentionMs: -1 })),
    )
    expect(made.filter(Boolean)).toHaveLength(1)
    expect(await createTopic(client, { topic, partitions: 8 })).toBe(false)
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic, `${topic}.relays`] })
    expect(topics.map(({ partitions }) => partitions.length)).toEqual([8, 8])
    expect(topics.flatMap(({ partitions }) => partitions).every(({ leader }) => leader >= 0)).toBe(true)
  })

  it('that is missing is said to be, without seconds of retries', async () => {
    const began = performance.now()
    await expect(kafka({ client, topic: uniqueTopic() })).rejects.toMatchObject({
      code: 'STORE_MISSING',
      outcome: 'not-applied',
    })
    expect(performance.now() - began).toBeLessThan(3000)
  })

  it('made by someone else is used as it is when it fits', async () => {
    const topic = await madeByOthers(2)
    const backend = await kafka({ client, topic })
    expect(backend.capabilities.stream).toBe('native')
    await expect(
      backend.stream.openRelay({ relay: 'r', incarnation: '0123456789abcdef', partition: 0, partitions: 1 }),
    ).rejects.toMatchObject({
      code: 'STORE_MISSING',
    })
    await backend.close()
  })

  it.each([
    ['three partitions', 3, {}, undefined, /3 partitions; a power of two/],
    ['fewer partitions than asked for', 2, {}, 4, /2 partitions, 4 were asked for/],
    ['compaction', 1, { 'cleanup.policy': 'compact' }, undefined, /cleanup.policy=compact/],
    ['compaction and deletion', 1, { 'cleanup.policy': 'compact,delete' }, undefined, /compact/],
  ])('with %s is refused', async (_, partitions, settings, wanted, message) => {
    const topic = await madeByOthers(partitions, settings)
    await expect(kafka({ client, topic, partitions: wanted })).rejects.toMatchObject({
      code: 'STORE_INCOMPATIBLE',
      message: expect.stringMatching(message),
    })
    if (wanted !== undefined)
      await expect(createTopic(client, { topic, partitions: wanted })).rejects.toMatchObject({
        code: 'STORE_INCOMPATIBLE',
      })
  })

  it('cannot be made with settings that the broker does not take', async () => {
    const topic = uniqueTopic()
    await expect(createTopic(client, { topic, partitions: 3 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'partitions',
    })
    await expect(createTopic(client, { topic, replicas: 9 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    await expect(createTopic(client, { topic, settings: { 'no.such': '1' } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })

  it('is opened by a URL, and made when asked for', async () => {
    const url = `${serverUrl().replace(/\/$/, '')}/${uniqueTopic()}`
    await expect(openUrl(url)).rejects.toMatchObject({ code: 'STORE_MISSING' })
    const backend = await openUrl(url, { create: true, partitions: 4 })
    await backend.stream.publish({ type: 'Opened', data: 1, streamId: 'a' })
    await backend.close()
    await expect(openUrl(url, { partitions: 2 })).rejects.toMatchObject({ code: 'STORE_INCOMPATIBLE' })
  })
})

it('says that no broker answers', async () => {
  const nobody = new Kafka({
    brokers: [`127.0.0.1:${await freePort()}`],
    logLevel: logLevel.NOTHING,
    retry: { retries: 1, initialRetryTime: 10 },
  })
  await expect(kafka({ client: nobody, topic: randomUUID() })).rejects.toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    retryable: true,
    outcome: 'not-applied',
  })
})
