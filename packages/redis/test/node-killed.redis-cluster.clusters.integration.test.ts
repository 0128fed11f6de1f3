import { parsePosition } from '@eventspine/core'
import { startRedisCluster } from '@eventspine/servers'
import { expect, it } from 'vitest'
import { redis } from '../src/index.ts'
import { ExactWriter } from './exact-writer.ts'

const PREFIX = 'killed'
const PARTITIONS = 4
const STREAMS = Array.from({ length: 12 }, (_, index) => `counter:${index}`)

it('loses, doubles and reorders nothing when a master of Redis Cluster is killed under writers and consumers', async () => {
  await using cluster = await startRedisCluster({ settings: { appendfsync: 'always' } })
  const options = { prefix: PREFIX, create: true, partitions: PARTITIONS }
  await using backend = await redis.connect(cluster.url, options)
  const handled = new Map<string, number[]>(STREAMS.map((streamId) => [streamId, []]))
  const consumer = await backend.stream.subscribe({
    group: 'counting',
    effects: 'exactly-once',
    leaseMs: 2000,
    pollMs: { min: 5, max: 50 },
    onNotice: () => undefined,
    handlers: async ({ streamId, streamPosition }, { documents }) => {
      const before = (await documents.get<number>('counted', streamId)) ?? 0
      documents.put('counted', streamId, before + 1)
      handled.get(streamId)?.push(streamPosition)
    },
  })
  const stopping = new AbortController()
  const writers = STREAMS.map((streamId) => new ExactWriter(backend, streamId))
  const writing = Promise.all(writers.map((writer) => writer.run(stopping.signal)))
  await expect
    .poll(() => Math.min(...writers.map(({ ids }) => ids.length)), { timeout: 30_000 })
    .toBeGreaterThan(5)

  const master = await cluster.masterOf(`{${PREFIX}:0}`)
  await master.kill()
  await expect.poll(() => writers.some(({ failures }) => failures > 0), { timeout: 30_000 }).toBe(true)
  await master.restart()
  await cluster.ready()
  const after = writers.map(({ ids }) => ids.length + 5)
  await expect
    .poll(() => writers.every(({ ids }, index) => ids.length >= (after[index] ?? 0)), { timeout: 60_000 })
    .toBe(true)
  stopping.abort()
  await writing

  const heads = await Promise.all(
    Array.from({ length: PARTITIONS }, (_, partition) => backend.store.feedHead(partition)),
  )
  await consumer.caughtUpTo(heads.filter((head) => parsePosition(head).sequence > 0).join(','), {
    timeoutMs: 60_000,
  })
  for (const [index, streamId] of STREAMS.entries()) {
    const ids = writers[index]?.ids ?? []
    expect((await backend.store.read(streamId).toArray()).map(({ id }) => id)).toEqual(ids)
    expect((await backend.documents.collection<number>('counted').get(streamId))?.value).toBe(ids.length)
    const versions = [...new Set(handled.get(streamId))]
    expect(versions).toEqual(ids.map((_, version) => version + 1))
  }
  await consumer.stop()
}, 180_000)
