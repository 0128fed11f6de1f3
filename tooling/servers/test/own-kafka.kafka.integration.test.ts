import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel, Partitioners, type Admin } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { runKafkaTool, serverUrl, startKafka, waitUntil, type OwnServer } from '../src/index.ts'
import { identifyProcess } from '../src/process-identity.ts'
import { serverDefinition } from '../src/registry.ts'
import { gone, startInChild } from './server-in-child.ts'

// A broker takes half a minute to start where a dozen other programs want the same two processors.
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

function clientOf(url: string): Kafka {
  return new Kafka({ brokers: [new URL(url).host], logLevel: logLevel.NOTHING, retry: { retries: 8 } })
}

async function withAdmin<Result>(
  { url }: OwnServer,
  work: (admin: Admin) => Promise<Result>,
): Promise<Result> {
  const admin = clientOf(url).admin()
  await admin.connect()
  try {
    return await work(admin)
  } finally {
    await admin.disconnect()
  }
}

async function send({ url }: OwnServer, value: string): Promise<void> {
  const producer = clientOf(url).producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic: 'kept', messages: [{ value }] })
  await producer.disconnect()
}

async function endOf(server: OwnServer): Promise<string | undefined> {
  return await withAdmin(server, async (admin) => (await admin.fetchTopicOffsets('kept'))[0]?.high)
}

async function makeTopic(server: OwnServer): Promise<void> {
  await withAdmin(server, async (admin) => {
    await admin.createTopics({ topics: [{ topic: 'kept', numPartitions: 1 }], waitForLeaders: false })
    const probe = (): Promise<string> => serverDefinition('kafka').probe(server.url, 5_000)
    const ready = await waitUntil(() => probe().then(Boolean, () => false), {
      deadlineMs: 20_000,
    })
    expect(ready).toBe(true)
  })
}

describe('a Kafka of one’s own', () => {
  it('keeps its data and its URL over a restart, in order or after kill -9, for Kafka’s own reader too, and is gone after stop', async () => {
    const server = await startKafka()
    const { url, pid } = server
    expect(server.version).toBe('4.1.2')
    await makeTopic(server)
    await send(server, 'one')
    await server.restart()
    expect(server.pid).not.toBe(pid)
    await send(server, 'two')
    await server.kill()
    await expect(serverDefinition('kafka').probe(url, 5_000)).rejects.toThrow()
    await server.restart()
    expect(server.url).toBe(url)
    expect(await endOf(server)).toBe('2')
    const consumer = 'org.apache.kafka.tools.consumer.ConsoleConsumer'
    const from = ['--bootstrap-server', new URL(url).host, '--topic', 'kept', '--from-beginning']
    expect(await runKafkaTool(consumer, [...from, '--max-messages', '2'])).toBe('one\ntwo\n')
    await server.stop()
    expect(identifyProcess(server.pid)).toBeUndefined()
    expect(existsSync(server.dataDirectory)).toBe(false)
    await server.stop()
  })

  it('ends with the process that started it', async () => {
    const { pid, owner } = await startInChild('kafka')
    owner.stdin.end('exit\n')
    expect(await gone(pid)).toBe(true)
  })

  it('fails with the end of its log when it cannot start, and leaves no process', async () => {
    await expect(startKafka({ settings: { 'log.segment.bytes': 'many' } })).rejects.toThrow(
      /kafka cannot be used: .*log\.segment\.bytes.*\n {2}remedy: the whole log is /s,
    )
  })
})

describe('the Kafka of a run', () => {
  it('answers with all its partitions led, and makes no topic that is only named', async () => {
    const url = await serverUrl('kafka')
    expect(url).toMatch(/^kafka:\/\/127\.0\.0\.1:\d+$/)
    await serverDefinition('kafka').probe(url, 15_000)
    const admin = clientOf(url).admin()
    await admin.connect()
    try {
      await expect(admin.fetchTopicMetadata({ topics: ['only-named'] })).rejects.toThrow('does not host')
      expect(await admin.listTopics()).not.toContain('only-named')
    } finally {
      await admin.disconnect()
    }
  })
})
