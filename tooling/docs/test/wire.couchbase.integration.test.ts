import { type Backend, partitionOf } from '@eventspine/core'
import { couchbase } from '@eventspine/couchbase'
import { ownKeyPrefix } from '@eventspine/servers'
import { type Cluster, type Collection, connect } from 'couchbase'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { golden, withBytes } from './golden-vectors.ts'

const PARTITIONS = 4
const streamId = 'bank-account:42'
const partition = partitionOf(streamId, PARTITIONS)
const serverUrl = process.env['EVENTSPINE_TEST_COUCHBASE'] ?? ''
/** Far more than an operation takes on a machine with too much to do. */
const timeouts = { bootstrapTimeout: 60_000, connectTimeout: 60_000, kvTimeout: 60_000 }

let prefix: string
let cluster: Cluster
let collection: Collection
let backend: Backend

beforeEach(async () => {
  ;({ prefix } = ownKeyPrefix(serverUrl))
  const { host, pathname, username, password } = new URL(serverUrl)
  cluster = await connect(`couchbase://${host}`, { username, password, timeouts })
  collection = cluster.bucket(pathname.slice(1)).defaultCollection()
  backend = await couchbase({ collection, prefix, create: true, partitions: PARTITIONS })
})

afterEach(async () => {
  await backend.close()
  await cluster.close()
})

/** What the vendor's client reads under a key of the store. */
async function stored(key: string): Promise<Record<string, unknown>> {
  return (await collection.get(`${prefix}:${key}`)).content as Record<string, unknown>
}

/** The vectors share an id, which one append cannot. */
function idOf(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`
}

const last = golden.events.length
const events = golden.events.map(({ stored: { schemaVersion, codec, type, data, metadata } }, index) => [
  idOf(index),
  type,
  schemaVersion,
  codec,
  data,
  metadata,
])

describe('the documents of docs/wire.md', () => {
  it('hold the vectors after an append', async () => {
    await backend.store.append(
      streamId,
      golden.events.map(({ given }, index) => ({ ...withBytes(given), id: idOf(index) })),
    )
    const commit = await stored(`c:1:${streamId}`)
    const entry = { stream: streamId, number: 1, version: 1, time: commit['time'], events }
    expect(commit).toEqual({ ...entry, last, at: last, id: idOf(last - 1) })
    expect(Math.abs(Number(commit['time']) - Date.now())).toBeLessThan(3_600_000)
    expect(await stored(`f:${partition}:0`)).toEqual({
      open: 1,
      base: 0,
      last,
      size: expect.any(Number),
      entries: [entry],
    })
    expect(await stored('manifest')).toEqual({
      formatVersion: 1,
      incarnation: backend.store.incarnation,
      partitions: PARTITIONS,
      hash: 'murmur2',
      codec: 'json',
    })
  })

  it('are read when another program has written them by the rules', async () => {
    const entry = { stream: streamId, number: 1, version: 1, time: 1_795_000_000_000, events }
    await collection.insert(`${prefix}:f:${partition}:0`, {
      base: 0,
      last: last + 1,
      size: 1,
      entries: [{ void: 1 }, entry],
    })
    const commit = { ...entry, last, at: last + 1, id: idOf(last - 1) }
    await collection.insert(`${prefix}:c:1:${streamId}`, commit)
    const read = await backend.store.feed({ partition }).toArray()
    expect(read.map(({ data }) => data)).toEqual(golden.events.map(({ given }) => withBytes(given).data))
    expect(read.map(({ tags }) => tags)).toEqual(golden.events.map(({ given }) => given.tags ?? []))
    expect(read[0]?.timestamp).toBe(new Date(1_795_000_000_000).toISOString())
    expect(read[0]?.position).toMatch(/\.2\.[0-9a-f]{8}$/)
    const { version } = await backend.store.append(streamId, [{ type: 'Noted', data: {} }], {
      expectedVersion: last,
    })
    expect(version).toBe(last + 1)
    expect(await stored(`f:${partition}:1`)).toMatchObject({ base: last + 1, last: last + 2 })
    expect(await backend.store.feed({ partition, after: read.at(-1)?.position }).toArray()).toHaveLength(1)
  })

  it('mark what was removed, what was deleted and what is sealed', async () => {
    const notes = ['a', 'b', 'c'].map((text, index) => ({ id: idOf(index), type: 'Noted', data: text }))
    await backend.store.append(streamId, notes)
    await backend.store.truncate(streamId, { before: 2 })
    const left = [[idOf(0)], [idOf(1), 'Noted', 1, 0, '"b"', '{}'], [idOf(2), 'Noted', 1, 0, '"c"', '{}']]
    expect((await stored(`c:1:${streamId}`))['events']).toEqual(left)
    expect((await stored(`f:${partition}:0`))['entries']).toMatchObject([{ events: left }])
    expect(await stored(`s:${streamId}`)).toMatchObject({ stream: streamId, first: 2 })
    await backend.store.delete(streamId)
    const ids = [[idOf(0)], [idOf(1)], [idOf(2)]]
    expect((await stored(`c:1:${streamId}`))['events']).toEqual(ids)
    expect((await stored(`f:${partition}:0`))['entries']).toMatchObject([{ events: ids }])
    expect(await stored(`c:2:${streamId}`)).toMatchObject({
      version: 4,
      last: 3,
      at: 3,
      id: idOf(2),
      deleted: 1,
      events: [],
    })
    expect(await stored(`s:${streamId}`)).toMatchObject({ first: 4, removed: 2 })
    await backend.store.seal(partition)
    const page = await stored(`f:${partition}:0`)
    expect(page).toMatchObject({ sealed: 1, settled: 1 })
    expect(page).not.toHaveProperty('open')
  })

  it('hold documents with the revision that users see, and their directory', async () => {
    const notes = backend.documents.collection('notes', { listed: true })
    const revision = await notes.put('n', { text: 'x' }, { partition, expiresInMs: 60_000 })
    expect(await stored(`d:${partition}:5:notes:n`)).toEqual({
      name: '5:notes:n',
      revision,
      value: '{"text":"x"}',
      expires: expect.any(Number),
    })
    // SHA-256 of `n` begins with 1b16b1df538ba12dc3f97edbb85caa7050d4.
    const directory = await stored(`k:${partition}:1:notes`)
    expect(directory).toEqual({
      collection: 'notes',
      keys: { kb16b1df538ba12dc3f97edbb85caa705: ['n', expect.any(Number)] },
    })
  })
})
