import { startRedis } from '@eventspine/servers'
import { expect, it } from 'vitest'
import { redis } from '../src/index.ts'
import { clientOf, counted, refusedWith, useEnds } from './server.ts'

const onEnd = useEnds()

it('acknowledges an append when a replica has it, and says so when none has', async () => {
  // By default a master gathers replicas for five seconds before it sends them its data.
  const master = await startRedis({ settings: { 'repl-diskless-sync-delay': '0' } })
  onEnd(() => master.stop())
  const replica = await startRedis()
  onEnd(() => replica.stop())
  const follower = clientOf(replica.url)
  onEnd(() => follower.disconnect())
  await follower.call('replicaof', '127.0.0.1', new URL(master.url).port)
  await expect
    .poll(() => follower.info('replication'), { timeout: 20_000 })
    .toContain('master_link_status:up')

  const backend = await redis.connect(master.url, { create: true, wait: { replicas: 1, timeoutMs: 10_000 } })
  onEnd(() => backend.close())
  const appends = Array.from({ length: 20 }, async (_each, number) => {
    await backend.store.append(`counter:${number}`, [counted(number)])
    // What the replica has received it may not have executed yet; a reader of it waits in line behind that.
    await expect.poll(() => follower.xlen(`{eventspine:0}:s:counter:${number}`)).toBe(1)
  })
  await Promise.all(appends)

  const reader = await redis.connect(replica.url)
  onEnd(() => reader.close())
  expect(await refusedWith(() => reader.store.append('counter:1', [counted(2)]))).toMatchObject({
    code: 'BACKEND_UNAVAILABLE',
    outcome: 'not-applied',
    retryable: true,
  })
  expect(await reader.store.read('counter:1').toArray()).toHaveLength(1)

  await replica.stop()
  const hasty = await redis.connect(master.url, { wait: { replicas: 1, timeoutMs: 100 } })
  onEnd(() => hasty.close())
  const event = { ...counted(1), id: '0190c0d0-0000-7000-8000-000000000001' }
  const append = () => hasty.store.append('counter:alone', [event], { expectedVersion: 'none' })
  const error = await refusedWith(append)
  expect(error).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'unknown', retryable: true })
  expect(String(error)).toContain('0 of 1 replicas')
  expect(await hasty.store.head('counter:alone')).toMatchObject({ version: 1 })
  expect(await refusedWith(append)).toMatchObject({ code: 'OUTCOME_UNKNOWN' })
})
