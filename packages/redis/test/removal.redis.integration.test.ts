import { startFaultProxy } from '@eventspine/servers'
import { describe, expect, it } from 'vitest'
import { redis } from '../src/index.ts'
import { serverUrl } from './backend.ts'
import { clientOf, counted, ownPrefix, refusedWith, useEnds } from './server.ts'

const onEnd = useEnds()
/** More than one call of a removal takes away. */
const LARGE = 1300

async function openLarge(feed: 'reference' | 'body') {
  const proxy = await startFaultProxy(serverUrl())
  onEnd(() => proxy.close())
  const prefix = ownPrefix(serverUrl(), onEnd)
  const backend = await redis.connect(proxy.url, { prefix, create: true, feed })
  onEnd(() => backend.close())
  const admin = clientOf(serverUrl())
  onEnd(() => admin.disconnect())
  await backend.store.append('counter:other', [counted(0)])
  const appends = Array.from({ length: LARGE }, (_each, number) =>
    backend.store.append('counter:large', [counted(number + 1)]),
  )
  await Promise.all(appends)
  const keys = `{${prefix}:0}:`
  return { backend, proxy, admin, keys }
}

describe.each(['reference', 'body'] as const)('with a feed of the kind "%s"', (feed) => {
  it('finishes a deletion that broke off, by a repeat, and hides all from the first moment', async () => {
    const { backend, proxy, admin, keys } = await openLarge(feed)
    const { position } = await backend.store.append('counter:other', [counted(-1)])
    // The server knows the script from now on.
    await backend.store.delete('counter:other')
    const lost = proxy.loseReply({ containing: 'counter:large' })
    expect(await refusedWith(() => backend.store.delete('counter:large'))).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      outcome: 'unknown',
    })
    await lost
    expect(await admin.xlen(`${keys}g:counter:large`)).toBeGreaterThan(0)
    expect(await backend.store.read('counter:large').toArray()).toEqual([])
    expect(await backend.store.feed().toArray()).toEqual([])
    expect(await refusedWith(() => backend.store.append('counter:large', [counted(1)]))).toMatchObject({
      code: 'STREAM_DELETED',
    })
    expect(await backend.store.delete('counter:large')).toEqual({ version: LARGE })
    expect(await admin.exists(`${keys}g:counter:large`, `${keys}s:counter:large`)).toBe(0)
    expect(await admin.hlen(`${keys}t:counter:large`)).toBe(LARGE + 1)
    // Positions of what is removed still lead on.
    expect(await backend.store.feed({ after: position }).toArray()).toEqual([])
  })

  it('takes up a deletion that broke off when the stream lives again', async () => {
    const { backend, proxy, admin, keys } = await openLarge(feed)
    await backend.store.delete('counter:other')
    const lost = proxy.loseReply({ containing: 'counter:large' })
    await refusedWith(() => backend.store.delete('counter:large'))
    await lost
    await backend.store.append('counter:large', [counted(1)], { expectedVersion: LARGE })
    expect(await backend.store.read('counter:large').toArray()).toHaveLength(1)
    expect(await backend.store.delete('counter:large')).toEqual({ version: LARGE + 1 })
    expect(await admin.exists(`${keys}g:counter:large`, `${keys}s:counter:large`)).toBe(0)
    expect(await backend.store.head('counter:large')).toMatchObject({ version: LARGE + 1, deleted: true })
    expect(await backend.store.feed().toArray()).toEqual([])
  })

  it('truncates in steps, each of which is a truncation', async () => {
    const { backend, proxy } = await openLarge(feed)
    await backend.store.truncate('counter:other', { before: 2 })
    const lost = proxy.loseReply({ containing: 'counter:large' })
    const truncate = () => backend.store.truncate('counter:large', { before: LARGE - 1 })
    await refusedWith(truncate)
    await lost
    const { firstVersion } = await backend.store.head('counter:large')
    expect(firstVersion).toBeGreaterThan(1)
    const [first] = await backend.store.read('counter:large', { limit: 1 }).toArray()
    expect(first?.streamPosition).toBe(firstVersion)
    await truncate()
    expect(await backend.store.read('counter:large').toArray()).toHaveLength(2)
    expect(await backend.store.feed().toArray()).toHaveLength(2)
  })
})

it('cuts a commit in two, and again', async () => {
  const prefix = ownPrefix(serverUrl(), onEnd)
  const backend = await redis.connect(serverUrl(), { prefix, create: true })
  onEnd(() => backend.close())
  await backend.store.append('counter:1', [1, 2, 3, 4, 5].map(counted))
  await backend.store.append('counter:1', [6, 7].map(counted))
  const versions = async () =>
    (await backend.store.read('counter:1').toArray()).map(({ streamPosition }) => streamPosition)
  for (const before of [3, 5]) {
    await backend.store.truncate('counter:1', { before })
    const left = [1, 2, 3, 4, 5, 6, 7].filter((version) => version >= before)
    expect(await versions()).toEqual(left)
    const backward = await backend.store.read('counter:1', { direction: 'backward', limit: 4 }).toArray()
    expect(backward.map(({ streamPosition }) => streamPosition)).toEqual(left.toReversed().slice(0, 4))
    const feed = await backend.store.feed().toArray()
    expect(feed.map(({ data }) => (data as { number: number }).number)).toEqual(left)
  }
  const client = clientOf(serverUrl())
  onEnd(() => client.disconnect())
  const rest = await client.hget(`{${prefix}:0}:t:counter:1`, 'rest')
  expect(rest).not.toContain('"number":4')
  await backend.store.truncate('counter:1', { before: 6 })
  expect(await versions()).toEqual([6, 7])
})
