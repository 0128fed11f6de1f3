import { randomUUID } from 'node:crypto'
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  kafkaSocketFactory,
  serverUrl,
  startFaultProxy,
  startKafkaBehindProxy,
  waitUntil,
  type FaultProxy,
} from '../src/index.ts'

let proxy: FaultProxy
let direct: Kafka
let proxied: Kafka
let retrying: Kafka
let topic: string

const settings = { logLevel: logLevel.NOTHING, requestTimeout: 2_000, retry: { retries: 0 } }

beforeEach(async () => {
  const url = await serverUrl('kafka')
  proxy = await startFaultProxy(url)
  const brokers = [new URL(url).host]
  direct = new Kafka({ ...settings, brokers, retry: { retries: 8 } })
  proxied = new Kafka({ ...settings, brokers, socketFactory: kafkaSocketFactory([proxy]) })
  // Without retries a transaction cannot begin on a broker that has had none; its end is never tried again.
  retrying = new Kafka({ ...settings, brokers, retry: {}, socketFactory: kafkaSocketFactory([proxy]) })
  topic = `t${randomUUID()}`
  await makeTopic(direct, topic)
})

afterEach(async () => {
  await proxy.close()
})

async function makeTopic(kafka: Kafka, name: string): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: name }], waitForLeaders: false })
  const led = async (): Promise<boolean> => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] })
    return topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0))
  }
  expect(await waitUntil(() => led().catch(() => false), { deadlineMs: 20_000 })).toBe(true)
  await admin.disconnect()
}

async function endOf(kafka: Kafka, name: string): Promise<string | undefined> {
  const admin = kafka.admin()
  await admin.connect()
  try {
    return (await admin.fetchTopicOffsets(name))[0]?.high
  } finally {
    await admin.disconnect()
  }
}

async function producerOf(kafka: Kafka, transactionalId?: string): Promise<Producer> {
  const id = transactionalId === undefined ? {} : { transactionalId, idempotent: true }
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner, ...id })
  await producer.connect()
  return producer
}

/** The values that a reader of committed data sees. */
async function committed(expected: number): Promise<readonly string[]> {
  const consumer = direct.consumer({ groupId: randomUUID() })
  const values: string[] = []
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: ({ message }) => {
      values.push(String(message.value))
      return Promise.resolve()
    },
  })
  await waitUntil(() => values.length >= expected, { deadlineMs: 20_000 })
  await consumer.disconnect()
  return values
}

describe('a fault proxy in front of Kafka', () => {
  it('is gone through by every connection of a client that has its socket factory', async () => {
    const producer = await producerOf(proxied)
    await producer.send({ topic, messages: [{ value: 'one' }] })
    expect(proxy.connections).toBeGreaterThan(0)
    proxy.cut()
    await proxy.refuse()
    await expect(producer.send({ topic, messages: [{ value: 'two' }] })).rejects.toThrow()
    await producer.disconnect()
    expect(await endOf(direct, topic)).toBe('1')
  })

  it('loses the reply to a produce request that was written', async () => {
    const producer = await producerOf(proxied)
    const lost = proxy.loseReply({ kafka: 'Produce', containing: topic })
    await expect(producer.send({ topic, messages: [{ value: 'one' }] })).rejects.toThrow()
    expect((await lost).droppedBytes).toBeGreaterThan(0)
    expect(await endOf(direct, topic)).toBe('1')
    await producer.disconnect()
  })

  it('loses a produce request, which is not written', async () => {
    const producer = await producerOf(proxied)
    const lost = proxy.loseRequest({ kafka: 'Produce' })
    await expect(producer.send({ topic, messages: [{ value: 'one' }] })).rejects.toThrow()
    await lost
    expect(await endOf(direct, topic)).toBe('0')
    await producer.disconnect()
  })

  it('is silent about a produce request that was written', async () => {
    const producer = await producerOf(proxied)
    const silenced = proxy.silence({ kafka: 'Produce' })
    await expect(producer.send({ topic, messages: [{ value: 'one' }] })).rejects.toThrow('timed out')
    await silenced
    expect(await endOf(direct, topic)).toBe('1')
    await producer.disconnect()
  })

  it('delivers the reply to a produce request, large as it may be, and cuts then', async () => {
    const producer = await producerOf(proxied)
    const cut = proxy.cutAfterReply({ kafka: 'Produce' })
    const [sent] = await producer.send({ topic, messages: [{ value: 'x'.repeat(300_000) }] })
    expect(sent?.baseOffset).toBe('0')
    await cut
    await producer.disconnect()
  })

  it('makes a transaction end with an unknown outcome, committed or not as it was told', async () => {
    const first = await producerOf(retrying, randomUUID())
    const committing = await first.transaction()
    await committing.send({ topic, messages: [{ value: 'committed' }] })
    const lostReply = proxy.loseReply({ kafka: 'EndTxn' })
    await expect(committing.commit()).rejects.toThrow()
    await lostReply
    const id = randomUUID()
    const second = await producerOf(retrying, id)
    const losing = await second.transaction()
    await losing.send({ topic, messages: [{ value: 'never committed' }] })
    const lostRequest = proxy.loseRequest({ kafka: 'EndTxn' })
    await expect(losing.commit()).rejects.toThrow()
    await lostRequest
    // A new producer of the same id aborts what the one before left open.
    const third = await producerOf(direct, id)
    const next = await third.transaction()
    await next.send({ topic, messages: [{ value: 'after' }] })
    await next.commit()
    expect(await committed(2)).toEqual(['committed', 'after'])
    for (const producer of [first, second, third]) await producer.disconnect()
  })
})

describe('a Kafka behind a proxy', () => {
  it('tells its clients the address of the proxy', { timeout: 240_000 }, async () => {
    await using behind = await startKafkaBehindProxy()
    const kafka = new Kafka({ ...settings, brokers: [new URL(behind.proxy.url).host], retry: { retries: 8 } })
    await makeTopic(kafka, topic)
    const producer = await producerOf(kafka)
    await producer.send({ topic, messages: [{ value: 'one' }] })
    const lost = behind.proxy.loseReply({ kafka: 'Produce' })
    const sent = await producer.send({ topic, messages: [{ value: 'two' }] })
    await lost
    // Sent again by kafkajs after the lost reply, and so written twice.
    expect(sent[0]?.baseOffset).toBe('2')
    await producer.disconnect()
  })
})
