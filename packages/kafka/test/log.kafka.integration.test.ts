import { memory } from '@eventspine/memory'
import type { Backend, RecordedEvent } from '@eventspine/core'
import type { Message, Producer, ProducerConfig } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { RecordDecoder } from '../src/decode-record.ts'
import { createTopic, kafka } from '../src/index.ts'
import { LogReader } from '../src/log-reader.ts'
import { serverUrl } from './backend.ts'
import { clientOf, uniqueTopic } from './client-of.ts'
import { readAll } from './read-all.ts'

const client = clientOf(serverUrl())

async function newTopic(partitions = 1): Promise<string> {
  const topic = uniqueTopic()
  await createTopic(client, { topic, partitions })
  return topic
}

async function withProducer(
  config: ProducerConfig,
  work: (producer: Producer) => Promise<void>,
): Promise<void> {
  const producer = client.producer({
    createPartitioner:
      () =>
      ({ message }: { readonly message: Message }) =>
        message.partition ?? 0,
    ...config,
  })
  await producer.connect()
  try {
    await work(producer)
  } finally {
    await producer.disconnect()
  }
}

function readerOf(topic: string): LogReader {
  const decoder = new RecordDecoder({
    topic,
    incarnation: '0123456789abcdef',
    partitions: 1,
    foreign: 'deliver',
  })
  return new LogReader({ client, topic, decoder, timeoutMs: 20_000 })
}

const publish = (backend: Backend, ...counts: readonly number[]): Promise<unknown> =>
  backend.stream.publish(counts.map((n) => ({ type: 'Counted', data: n, streamId: 'a' })))

const data = (events: readonly { readonly data: unknown }[]): unknown[] => events.map((event) => event.data)

describe('records of transactions', () => {
  it('are read when they are committed, and those of aborted ones and marks never', async () => {
    const topic = await newTopic()
    const backend = await kafka({ client, topic })
    await publish(backend, 1)
    await withProducer(
      { transactionalId: topic, idempotent: true, maxInFlightRequests: 1 },
      async (producer) => {
        for (const [index, commit] of [false, true, false, false, true, false].entries()) {
          const transaction = await producer.transaction()
          await transaction.send({
            topic,
            messages: [
              { key: 'k', value: `${index}` },
              { key: 'k', value: `${index}` },
            ],
          })
          await (commit ? transaction.commit() : transaction.abort())
          await publish(backend, 10 + index)
        }
      },
    )
    const found = data((await readAll(client, topic, 1)).flat()).map((each) =>
      Buffer.isBuffer(each) ? each.toString() : each,
    )
    expect(found).toEqual([1, 10, '1', '1', 11, 12, 13, '4', '4', 14, 15])
    const reader = readerOf(topic)
    const head = await reader.feedHead(0)
    const page = await reader.readFeed({ partition: 0, after: head.sequence, limit: 10 })
    expect(page).toMatchObject({
      events: [],
      anchorId: head.id,
      next: head.sequence,
      nextId: head.id,
      atEnd: true,
    })
    await reader.close()
    await backend.close()
  })

  it('that are open hold the reader at their start, and the end is found in front of them', async () => {
    const topic = await newTopic()
    const backend = await kafka({ client, topic })
    await publish(backend, 1)
    await withProducer(
      { transactionalId: topic, idempotent: true, maxInFlightRequests: 1 },
      async (producer) => {
        const transaction = await producer.transaction()
        await transaction.send({ topic, messages: [{ key: 'k', value: 'open' }] })
        await publish(backend, 2)
        expect(data((await readAll(client, topic, 1)).flat())).toEqual([1])
        const reader = readerOf(topic)
        expect(await reader.feedHead(0)).toMatchObject({ sequence: 1 })
        await transaction.abort()
        await expect.poll(async () => (await reader.feedHead(0)).sequence).toBe(3)
        await reader.close()
      },
    )
    expect(data((await readAll(client, topic, 1, { atLeast: 2 })).flat())).toEqual([1, 2])
    await backend.close()
  })

  it('leave a head that is far behind the end to be found', async () => {
    const topic = await newTopic()
    const backend = await kafka({ client, topic })
    await publish(backend, 1)
    await withProducer(
      { transactionalId: topic, idempotent: true, maxInFlightRequests: 1 },
      async (producer) => {
        const transaction = await producer.transaction()
        await transaction.send({
          topic,
          messages: Array.from({ length: 300 }, () => ({ key: 'k', value: 'x' })),
        })
        await transaction.abort()
      },
    )
    const reader = readerOf(topic)
    expect(await reader.feedHead(0)).toMatchObject({ sequence: 1 })
    const page = await reader.readFeed({ partition: 0, after: 1, limit: 10 })
    expect(page).toMatchObject({ events: [], next: 1, atEnd: true })
    // Marks at the end are nothing to wake up for.
    expect(reader.waitOffset(0, 1)).toBe(302)
    await reader.close()
    await backend.close()
  })
})

describe('records of others', () => {
  const value = Buffer.from([0, 255, 123])
  const messages = [
    { key: null, value },
    {
      key: Buffer.from([255, 0]),
      value: 'no { json',
      headers: { 'content-type': 'text/plain', twice: ['a', 'b'] },
    },
    { key: 'a', value: null },
    { key: 'a', value: '{}', headers: { ce_id: 'no uuid', ce_type: 'Other', ce_specversion: '1.0' } },
  ]

  async function mixed(): Promise<string> {
    const topic = await newTopic()
    const backend = await kafka({ client, topic })
    await publish(backend, 1)
    await withProducer({}, async (producer) => void (await producer.send({ topic, messages })))
    await publish(backend, 2)
    await backend.close()
    return topic
  }

  it('are delivered as bytes under ids of their own, with key and headers, when nothing else is said', async () => {
    const topic = await mixed()
    const documents = memory()
    const backend = await kafka({ client, topic, documents: documents.documents })
    const seen: Pick<RecordedEvent, 'type' | 'id' | 'data' | 'metadata' | 'contentType' | 'streamId'>[] = []
    const subscription = await backend.stream.subscribe({
      group: 'g',
      startFrom: 'start',
      handlers: ({ type, id, data, metadata, contentType, streamId }) =>
        void seen.push({ type, id, data, metadata, contentType, streamId }),
    })
    await expect.poll(() => seen.length).toBe(6)
    await subscription.stop()
    // Other streams are handled beside them.
    expect(seen.filter(({ type }) => type === '$foreign')).toMatchObject([
      {
        type: '$foreign',
        streamId: '$foreign:0.0',
        data: new Uint8Array(value),
        contentType: 'application/octet-stream',
        metadata: { key: null, headers: {} },
      },
      {
        type: '$foreign',
        data: new Uint8Array(Buffer.from('no { json')),
        contentType: 'text/plain',
        metadata: { key: '/wA=', headers: { 'content-type': 'text/plain', twice: ['a', 'b'] } },
      },
      { type: '$foreign', data: new Uint8Array(), metadata: { key: 'YQ==', headers: {} } },
      { type: '$foreign', metadata: { headers: { ce_id: 'no uuid', ce_type: 'Other' } } },
    ])
    await backend.close()
  })

  it('have the same ids whenever they are read', async () => {
    const topic = await mixed()
    const [first, second] = [await readAll(client, topic, 1), await readAll(client, topic, 1)]
    expect(first).toEqual(second)
    expect(new Set(first.flat().map(({ id }) => id)).size).toBe(6)
    for (const { id } of first.flat())
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  it('are passed over, or stop the reader by name, where that is chosen', async () => {
    const topic = await mixed()
    expect(data((await readAll(client, topic, 1, { foreign: 'skip' })).flat())).toEqual([1, 2])
    await expect(readAll(client, topic, 1, { foreign: 'stop' })).rejects.toMatchObject({
      code: 'STORE_INCOMPATIBLE',
      message: expect.stringMatching(/offset 1 of partition 0/),
    })
  })
})

describe('what is not there any more', () => {
  it('is said to have expired, and what is kept is read from its start', async () => {
    const topic = await newTopic()
    const backend = await kafka({ client, topic })
    await publish(backend, 1, 2, 3, 4, 5)
    const admin = client.admin()
    await admin.connect()
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '3' }] })
    await admin.disconnect()
    const reader = readerOf(topic)
    // The event at 3 is the last that is gone: nothing behind it is missing.
    const page = await reader.readFeed({ partition: 0, after: 3, limit: 10 })
    expect(page).toMatchObject({ firstKept: 4, anchorId: undefined, next: 5, atEnd: true })
    expect(page.events.map(({ sequence }) => sequence)).toEqual([4, 5])
    expect((await reader.readFeed({ partition: 0, after: 2, limit: 10 })).firstKept).toBe(4)
    expect((await reader.readFeed({ partition: 0, after: 0, limit: 1 })).firstKept).toBe(4)
    const past = await reader.readFeed({ partition: 0, after: 99, limit: 1 })
    expect(past).toMatchObject({ events: [], anchorId: undefined, next: 99, nextId: undefined })
    await reader.close()
    await backend.close()
  })
})
