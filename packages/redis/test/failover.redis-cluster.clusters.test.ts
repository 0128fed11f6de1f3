import { type Backend, type NewEvent, partitionOf, type Position } from '@eventspine/core'
import { type OwnRedisCluster, type OwnServer, startRedisCluster, waitUntil } from '@eventspine/servers'
import { expect, it } from 'vitest'
import { redis } from '../src/index.ts'
import { ExactWriter } from './exact-writer.ts'
import { clientOf, counted, refusedWith, useEnds } from './server.ts'

const onEnd = useEnds()

const PREFIX = 'failing'
const PARTITIONS = 4
const TAG = `{${PREFIX}:0}`

/** Streams of partition 0, whose keys have `TAG`. */
const streams = Array.from({ length: 200 }, (_, index) => `counter:${index}`)
  .filter((streamId) => partitionOf(streamId, PARTITIONS) === 0)
  .slice(0, 6)

async function openStore(cluster: OwnRedisCluster): Promise<Backend> {
  const backend = await redis.connect(cluster.url, { prefix: PREFIX, create: true, partitions: PARTITIONS })
  onEnd(() => backend.close())
  return backend
}

/** Waits until another node takes the writes of partition 0. */
async function replaced(cluster: OwnRedisCluster, master: OwnServer): Promise<OwnServer> {
  const successor = await waitUntil(
    async () => {
      const current = await cluster.masterOf(TAG).catch(() => master)
      return current === master ? undefined : current
    },
    { deadlineMs: 60_000, intervalMs: 100 },
  )
  if (successor === undefined) throw new Error('no replica took the place of its master')
  return successor
}

it('goes on with the replica when a master is killed, and holds everything that the replica had', async () => {
  const cluster = await startRedisCluster({ replicas: 1, settings: { appendfsync: 'always' } })
  onEnd(() => cluster.stop())
  const backend = await openStore(cluster)
  const stopping = new AbortController()
  const writers = streams.map((streamId) => new ExactWriter(backend, streamId))
  const writing = Promise.all(writers.map((writer) => writer.run(stopping.signal)))
  const appended = (): number => Math.min(...writers.map(({ ids }) => ids.length))
  await expect.poll(appended, { timeout: 30_000 }).toBeGreaterThan(5)
  stopping.abort()
  await writing

  const master = await cluster.masterOf(TAG)
  const client = clientOf(master.url)
  onEnd(() => client.disconnect())
  // Nobody writes: what was sent to the replica before is all.
  await client.set(`${TAG}x`, '')
  expect(await client.wait(1, 30_000)).toBe(1)
  await master.kill()
  expect(await replaced(cluster, master)).not.toBe(master)
  const more = writers.map(({ ids }) => ids.length + 3)
  const goingOn = new AbortController()
  const writingOn = Promise.all(writers.map((writer) => writer.run(goingOn.signal)))
  await expect
    .poll(() => writers.every(({ ids }, index) => ids.length >= (more[index] ?? 0)), { timeout: 60_000 })
    .toBe(true)
  goingOn.abort()
  await writingOn
  await master.restart()
  await cluster.ready()
  for (const [index, streamId] of streams.entries())
    expect((await backend.store.read(streamId).toArray()).map(({ id }) => id)).toEqual(writers[index]?.ids)
})

it('tells a reader who saw what the replica never had that the feed has diverged, before and after others append', async () => {
  const cluster = await startRedisCluster({ replicas: 1, settings: { appendfsync: 'always' } })
  onEnd(() => cluster.stop())
  const backend = await openStore(cluster)
  const [streamId = ''] = streams
  const kept = await backend.store.append(
    streamId,
    Array.from({ length: 5 }, (_, index) => counted(index)),
  )
  const master = await cluster.masterOf(TAG)
  const client = clientOf(master.url)
  onEnd(() => client.disconnect())
  expect(await client.wait(1, 30_000)).toBe(1)
  // A replica that stands still takes as much as the buffers of its connection hold, and the rest dies with its master.
  const replicas = cluster.nodes.filter((node) => node !== master)
  const masters = new Set(
    await Promise.all(
      Array.from({ length: PARTITIONS }, (_, partition) => cluster.masterOf(`{${PREFIX}:${partition}}`)),
    ),
  )
  const still = replicas.filter((node) => !masters.has(node))
  for (const { pid } of still) process.kill(pid, 'SIGSTOP')
  let last: Position | undefined
  try {
    const large: NewEvent = { type: 'Counted', data: 'x'.repeat(1_000_000) }
    for (let index = 0; index < 40; index++) last = (await backend.store.append(streamId, [large])).position
    await master.kill()
  } finally {
    for (const { pid } of still) process.kill(pid, 'SIGCONT')
  }
  await replaced(cluster, master)

  const { version } = await backend.store.head(streamId)
  expect(version).toBeGreaterThanOrEqual(5)
  expect(version).toBeLessThan(45)
  const resume = () => backend.store.feed({ partition: 0, after: last ?? '' }).toArray()
  expect(await refusedWith(resume)).toMatchObject({ code: 'FEED_DIVERGED' })
  for (let index = version; index < 50; index++) await backend.store.append(streamId, [counted(index)])
  expect(await refusedWith(resume)).toMatchObject({ code: 'FEED_DIVERGED' })
  // Who saw only what the replica had goes on.
  const rest = await backend.store.feed({ partition: 0, after: kept.position ?? '' }).toArray()
  expect(rest.map(({ streamPosition }) => streamPosition)).toEqual(
    Array.from({ length: 45 }, (_, index) => index + 6),
  )
})

it('appends at exact versions while the slot of a partition moves from one master to another', async () => {
  const cluster = await startRedisCluster({ settings: { appendfsync: 'always' } })
  onEnd(() => cluster.stop())
  const backend = await openStore(cluster)
  const stopping = new AbortController()
  const writers = streams.map((streamId) => new ExactWriter(backend, streamId))
  const writing = Promise.all(writers.map((writer) => writer.run(stopping.signal)))
  const appended = (): number => Math.min(...writers.map(({ ids }) => ids.length))
  await expect.poll(appended, { timeout: 30_000 }).toBeGreaterThan(5)

  const from = await cluster.masterOf(TAG)
  const to = cluster.nodes.find((node) => node !== from)
  if (to === undefined) throw new Error('a cluster has three masters')
  await moveSlot(from, to)
  expect(await cluster.masterOf(TAG)).toBe(to)
  const before = appended()
  await expect.poll(appended, { timeout: 60_000 }).toBeGreaterThan(before + 3)
  stopping.abort()
  await writing
  for (const [index, streamId] of streams.entries())
    expect((await backend.store.read(streamId).toArray()).map(({ id }) => id)).toEqual(writers[index]?.ids)
})

/** As `redis-cli --cluster reshard` does, key by key, so that writers meet a slot that is in two places. */
async function moveSlot(from: OwnServer, to: OwnServer): Promise<void> {
  const [source, target] = [clientOf(from.url), clientOf(to.url)]
  onEnd(() => source.disconnect())
  onEnd(() => target.disconnect())
  const slot = Number(await source.call('cluster', 'KEYSLOT', TAG))
  const [sourceId, targetId] = [
    String(await source.call('cluster', 'MYID')),
    String(await target.call('cluster', 'MYID')),
  ]
  await target.call('cluster', 'SETSLOT', slot, 'IMPORTING', sourceId)
  await source.call('cluster', 'SETSLOT', slot, 'MIGRATING', targetId)
  const { port } = new URL(to.url)
  for (;;) {
    const [key] = (await source.call('cluster', 'GETKEYSINSLOT', slot, 1)) as string[]
    if (key === undefined) break
    await source.call('migrate', '127.0.0.1', port, key, 0, 10_000)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  for (const client of [target, source]) await client.call('cluster', 'SETSLOT', slot, 'NODE', targetId)
}
