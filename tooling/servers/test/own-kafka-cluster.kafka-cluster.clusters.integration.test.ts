import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startKafkaCluster, waitUntil, type OwnKafkaCluster } from '../src/index.ts'
import { nodeAddresses } from '../src/node-urls.ts'
import { identifyProcess } from '../src/process-identity.ts'

// Three brokers take a minute to start where a dozen other programs want the same two processors.
vi.setConfig({ testTimeout: 240_000 })

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eventspine-own-'))
  process.env['EVENTSPINE_DIRECTORY'] = directory
})

afterAll(async () => {
  delete process.env['EVENTSPINE_DIRECTORY']
  await rm(directory, { recursive: true })
})

const topic = 'kept'

function clientOf({ url }: OwnKafkaCluster): Kafka {
  const retry = { initialRetryTime: 100, maxRetryTime: 1_000, retries: 30 }
  return new Kafka({ brokers: [...nodeAddresses(url)], logLevel: logLevel.NOTHING, retry })
}

async function makeTopic(cluster: OwnKafkaCluster): Promise<void> {
  const admin = clientOf(cluster).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic }], waitForLeaders: false })
  await admin.disconnect()
  const led = await waitUntil(() => cluster.leaderOf(topic, 0).catch(() => undefined), { deadlineMs: 20_000 })
  expect(led).toBeDefined()
}

async function send(producer: Producer, value: string): Promise<void> {
  await producer.send({ topic, acks: -1, messages: [{ value }] })
}

async function endOf(cluster: OwnKafkaCluster): Promise<string | undefined> {
  const admin = clientOf(cluster).admin()
  await admin.connect()
  try {
    return (await admin.fetchTopicOffsets(topic))[0]?.high
  } finally {
    await admin.disconnect()
  }
}

describe('three Kafka nodes of one’s own', () => {
  it('go on when a leader is killed, and take it in again when it is back', async () => {
    const cluster = await startKafkaCluster()
    expect(cluster.nodes).toHaveLength(3)
    await makeTopic(cluster)
    const producer = clientOf(cluster).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      idempotent: true,
    })
    await producer.connect()
    await send(producer, 'one')
    const leader = await cluster.leaderOf(topic, 0)
    await leader.kill()
    await send(producer, 'two')
    for (const node of cluster.nodes) expect(identifyProcess(node.pid) === undefined).toBe(node === leader)
    await expect(cluster.ready(200)).rejects.toThrow('not whole')
    await leader.restart()
    await cluster.ready()
    await send(producer, 'three')
    await producer.disconnect()
    expect(await endOf(cluster)).toBe('3')
    const pids = cluster.nodes.map(({ pid }) => pid)
    await cluster.stop()
    expect(pids.map(identifyProcess)).toEqual([undefined, undefined, undefined])
  })
})
