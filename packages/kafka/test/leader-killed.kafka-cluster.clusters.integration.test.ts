import type { Backend, RecordedEvent } from '@eventspine/core'
import { startKafkaCluster } from '@eventspine/servers'
import { Kafka, logLevel } from 'kafkajs'
import { expect, it } from 'vitest'
import { createTopic, kafka } from '../src/index.ts'
import { readAll } from './read-all.ts'

const PARTITIONS = 4
const STREAMS = Array.from({ length: 12 }, (_, index) => `counter:${index}`)

/** Publishes to one stream, several calls under way at once, and knows what was acknowledged. */
class Publisher {
  readonly acknowledged: string[] = []
  readonly unknown: string[] = []
  readonly #backend: Backend
  readonly #streamId: string
  readonly #underWay = new Set<Promise<void>>()
  #number = 0

  constructor(backend: Backend, streamId: string) {
    this.#backend = backend
    this.#streamId = streamId
  }

  async run(stopping: AbortSignal): Promise<void> {
    while (!stopping.aborted) {
      const publishing = this.#publish(++this.#number).finally(() => this.#underWay.delete(publishing))
      this.#underWay.add(publishing)
      if (this.#underWay.size === 3) await Promise.race(this.#underWay)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await Promise.all(this.#underWay)
  }

  async #publish(number: number): Promise<void> {
    const id = crypto.randomUUID()
    try {
      await this.#backend.stream.publish({ id, type: 'Counted', data: number, streamId: this.#streamId })
      this.acknowledged.push(id)
    } catch {
      // Retries inside took longer than a publish may; whether it is there, the topic will tell.
      this.unknown.push(id)
    }
  }
}

it('loses, doubles and reorders nothing when the leader of partitions is killed under publishers and groups', async () => {
  await using cluster = await startKafkaCluster()
  const client = new Kafka({
    brokers: cluster.nodes.map(({ url }) => new URL(url).host),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3000,
    requestTimeout: 5000,
    retry: { initialRetryTime: 5, multiplier: 2, maxRetryTime: 200, retries: 100 },
  })
  const topic = 'killed'
  await createTopic(client, { topic, partitions: PARTITIONS })
  await using plain = await kafka({ client, topic })
  await using atomic = await kafka({ client, topic, producer: 'transactional' })
  const handled = new Map<string, RecordedEvent[]>(STREAMS.map((streamId) => [streamId, []]))
  const join = (backend: Backend) =>
    backend.stream.subscribe({
      group: 'counting',
      leaseMs: 6000,
      onNotice: () => undefined,
      handlers: (event) => void handled.get(event.streamId)?.push(event),
    })
  const members = [await join(plain), await join(atomic)]
  const stopping = new AbortController()
  const publishers = STREAMS.map(
    (streamId, index) => new Publisher(index % 2 === 0 ? plain : atomic, streamId),
  )
  const publishing = Promise.all(publishers.map((publisher) => publisher.run(stopping.signal)))
  const least = (): number => Math.min(...publishers.map(({ acknowledged }) => acknowledged.length))
  await expect.poll(least, { timeout: 60_000 }).toBeGreaterThan(5)

  const leader = await cluster.leaderOf(topic, 0)
  await leader.kill()
  const before = least()
  // Two of three replicas are enough to go on.
  await expect.poll(least, { timeout: 60_000 }).toBeGreaterThan(before + 5)
  await leader.restart()
  await cluster.ready(120_000)
  const after = least()
  await expect.poll(least, { timeout: 60_000 }).toBeGreaterThan(after + 3)
  stopping.abort()
  await publishing
  const { token } = await plain.stream.publish(
    STREAMS.map((streamId) => ({ type: 'Counted', data: 0, streamId })),
  )
  for (const member of members) await member.caughtUpTo(token, { timeoutMs: 60_000 })

  const log = (await readAll(client, topic, PARTITIONS)).flat()
  for (const [index, streamId] of STREAMS.entries()) {
    const { acknowledged = [], unknown = [] } = publishers[index] ?? {}
    const there = log.filter((event) => event.streamId === streamId)
    const ids = there.map(({ id }) => id)
    expect(acknowledged.filter((id) => !ids.includes(id))).toEqual([])
    expect(there.length - 1).toBeLessThanOrEqual(acknowledged.length + unknown.length)
    const numbers = there.slice(0, -1).map(({ data }) => Number(data))
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    // What is handled again is what its handler had in hand when the partition changed hands.
    const first = [...new Set(handled.get(streamId)?.map(({ id }) => id))]
    expect(first).toEqual(ids)
    expect(new Set(ids).size).toBe(ids.length)
  }
  for (const member of members) await member.stop()
}, 300_000)
