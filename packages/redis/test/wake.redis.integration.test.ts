import { partitionOf } from '@eventspine/core'
import { startRedis } from '@eventspine/servers'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { redis } from '../src/index.ts'
import { clientOf, counted, useEnds } from './server.ts'

const onEnd = useEnds()

/** Connections to the server, without the one that asks. */
async function connections(admin: Redis): Promise<number> {
  const list = String(await admin.call('client', 'list'))
  return list.trim().split('\n').length - 1
}

it('wakes those who wait at once, lets go of them when they give up, and leaves no connection behind', async () => {
  const server = await startRedis()
  onEnd(() => server.stop())
  const admin = clientOf(server.url)
  onEnd(() => admin.disconnect())
  const writer = await redis.connect(server.url, { create: true, partitions: 4 })
  onEnd(() => writer.close())
  const before = await connections(admin)
  const client = clientOf(server.url)
  onEnd(() => client.disconnect())
  const backend = await redis({ client })
  const { store } = backend

  const ends = await Promise.all([0, 1, 2, 3].map((partition) => store.feedHead(partition)))
  const aborting = new AbortController()
  const given = ends.map((after) => store.waitForFeed({ after, timeoutMs: 60_000, signal: aborting.signal }))
  await expect.poll(() => connections(admin)).toBe(before + 5)
  aborting.abort()
  await Promise.all(given)

  for (let round = 0; round < 20; round++) {
    const after = await store.feedHead(partitionOf('counter:1', 4))
    const woken = store.waitForFeed({ after, timeoutMs: 60_000 })
    await writer.store.append('counter:1', [counted(round)])
    await woken
  }

  const late = store.waitForFeed({ after: await store.feedHead(0), timeoutMs: 60_000 })
  await backend.close()
  await late
  expect(await client.ping()).toBe('PONG')
  await expect.poll(() => connections(admin)).toBe(before + 1)
})

it('goes on waking when the connections that wait were cut', async () => {
  const server = await startRedis()
  onEnd(() => server.stop())
  const admin = clientOf(server.url)
  onEnd(() => admin.disconnect())
  const backend = await redis.connect(server.url, { create: true })
  onEnd(() => backend.close())
  const { store } = backend
  await store.append('counter:1', [counted(1)])
  const position = await store.feedHead()
  const cut = store.waitForFeed({ after: position, timeoutMs: 60_000 })
  await expect.poll(async () => String(await admin.call('client', 'list'))).toContain('cmd=xread')
  await admin.call('client', 'kill', 'type', 'normal', 'skipme', 'yes')
  await expect.poll(() => store.head('counter:1').then(({ version }) => version, String)).toBe(1)
  await store.append('counter:1', [counted(2)])
  await cut
})
