import { type Backend, EventStoreError } from '@eventspine/core'
import { freePort, ownKeyPrefix, startCouchbaseProxy } from '@eventspine/servers'
import { beforeEach, describe, expect, it } from 'vitest'
import { couchbase, createStore, openUrl } from '../src/index.ts'
import { Keys } from '../src/keys.ts'
import { REPLY_TIMEOUT_MS, serverUrl } from './backend.ts'
import { consistentIds } from './consistency.ts'
import { counted, openWatched, ownPrefix, refusedWith, useCollection, useEnds } from './server.ts'

const collection = useCollection()
const onEnd = useEnds()

const patient = { connectTimeoutMs: REPLY_TIMEOUT_MS, replyTimeoutMs: REPLY_TIMEOUT_MS }

let prefix = ''

beforeEach(() => {
  prefix = ownPrefix()
})

describe('opening is refused with what is the matter', () => {
  it('when no server is there', async () => {
    const port = await freePort()
    const url = `couchbase://app:hunter2@127.0.0.1:${port}/default`
    const error = await refusedWith(() => couchbase.connect(url, { connectTimeoutMs: 300 }))
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', outcome: 'not-applied', retryable: true })
    expect(String(error)).not.toContain('hunter2')
  })

  it('when no store was created, or one with another number of partitions', async () => {
    const { url } = ownKeyPrefix(serverUrl())
    expect(await refusedWith(() => openUrl(url))).toMatchObject({ code: 'STORE_MISSING' })
    expect(await refusedWith(() => couchbase({ collection: collection(), prefix }))).toMatchObject({
      code: 'STORE_MISSING',
    })
    await createStore(collection(), { prefix, partitions: 4 })
    await createStore(collection(), { prefix, partitions: 8 })
    const backend = await couchbase({ collection: collection(), prefix })
    expect(backend.store.partitions).toBe(4)
    expect(
      await refusedWith(() => couchbase({ collection: collection(), prefix, partitions: 8 })),
    ).toMatchObject({ code: 'STORE_INCOMPATIBLE' })
  })

  it.each([
    ['of a newer format', { formatVersion: 2 }],
    ['with another hash', { hash: 'crc32' }],
    ['with a damaged incarnation', { incarnation: 'x' }],
  ])('when the store is %s', async (_, change) => {
    await createStore(collection(), { prefix })
    const { manifest } = new Keys(prefix)
    const { content } = await collection().get(manifest)
    await collection().replace(manifest, { ...(content as object), ...change })
    expect(await refusedWith(() => couchbase({ collection: collection(), prefix }))).toMatchObject({
      code: 'STORE_INCOMPATIBLE',
    })
  })

  it('when it is given no collection', async () => {
    // What a program without types could pass.
    const bucket = {} as never
    expect(await refusedWith(() => couchbase({ collection: bucket, prefix }))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      field: 'collection',
    })
  })
})

it('leaves the client that it was given open', async () => {
  const backend = await couchbase({ collection: collection(), prefix, create: true })
  await backend.store.append('counter:1', [counted(1)])
  await backend.close()
  expect((await collection().get(new Keys(prefix).manifest)).content).toBeDefined()
})

describe('behind a proxy', () => {
  async function openBehind(options: Parameters<typeof couchbase.connect>[1] = {}) {
    const proxy = await startCouchbaseProxy(serverUrl())
    onEnd(() => proxy.close())
    const backend = await couchbase.connect(proxy.url, { prefix, create: true, ...patient, ...options })
    onEnd(() => backend.close())
    return { proxy, backend, store: backend.store }
  }

  /** A client that soon gives up, as it may while it opens, too. */
  async function openImpatient(): ReturnType<typeof openBehind> {
    for (const deadline = performance.now() + 60_000; ;) {
      try {
        return await openBehind({ replyTimeoutMs: 1000 })
      } catch (error) {
        if (!EventStoreError.is(error) || performance.now() > deadline) throw error
      }
    }
  }

  /** One of each kind of write. */
  async function writeAll({ store, documents }: Backend): Promise<void> {
    await store.append('counter:1', [1, 2, 3].map(counted))
    await store.append('counter:2', [counted(1)])
    await store.truncate('counter:1', { before: 3 })
    await store.delete('counter:2')
    await store.append('counter:2', [counted(2)], { expectedVersion: 1 })
    await store.seal(0)
    await store.feed().toArray()
    await store.seal(0, false)
    await store.append('counter:1', [counted(4)])
    const notes = documents.collection('notes', { listed: true })
    const revision = await notes.put('n', 1, { expectedRevision: 'none' })
    const next = await notes.put('n', 2, { expectedRevision: { revision }, expiresInMs: 60_000 })
    await notes.delete('n', { expectedRevision: { revision: next } })
    await notes.put('n', 3)
    await notes.delete('n')
  }

  it.each([
    ['majority', undefined],
    ['persistToMajority', 'persistToMajority'],
    ['majorityAndPersistToActive', 'majorityAndPersistToActive'],
    ['none', 'none'],
  ] as const)('sends every write with the durability %s', async (name, durability) => {
    const { proxy, backend } = await openBehind({ durability })
    await writeAll(backend)
    const { mutations, durable, operations } = proxy.counts()
    expect(mutations).toBeGreaterThan(20)
    expect(Object.keys(operations).sort()).toEqual(
      ['get', 'insert', 'lookupIn', 'mutateIn', 'remove', 'replace', 'upsert'].sort(),
    )
    const sent = Object.values(durable)
    if (name === 'none') expect(sent).toEqual([])
    else expect(sent, JSON.stringify(durable)).toEqual([mutations])
  })

  it.each([
    ['lose-reply', 'mutateIn'],
    ['lose-request', 'mutateIn'],
    ['lose-reply', 'insert'],
    ['lose-request', 'insert'],
  ] as const)('says that nobody knows after %s of %s, and a repeat writes once', async (fate, operation) => {
    const { proxy, store } = await openBehind()
    await store.append('counter:1', [counted(1)])
    const events = [counted(2), counted(3)]
    const append = () => store.append('counter:1', events, { expectedVersion: 1 })
    const struck = proxy.strike(fate, { operation })
    expect(await refusedWith(append)).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      outcome: 'unknown',
      retryable: true,
    })
    expect(await struck).toBeDefined()
    expect(await append()).toMatchObject({ version: 3 })
    await store.append('counter:2', [counted(1)])
    expect(await consistentIds(store, ['counter:1', 'counter:2'])).toHaveLength(4)
  })

  it('goes on by itself when the server was gone and is back', async () => {
    const { proxy, store } = await openImpatient()
    const first = counted(1)
    const append = () => store.append('counter:1', [first], { expectedVersion: 'none' })
    proxy.refuse()
    proxy.cut()
    const error = await refusedWith(append)
    expect(EventStoreError.is(error), String(error)).toBe(true)
    expect(error).toMatchObject({ retryable: true })
    expect(await refusedWith(() => store.head('counter:1'))).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      outcome: 'not-applied',
    })
    await proxy.pass()
    await expect.poll(() => append().then(({ version }) => version, String), { timeout: 60_000 }).toBe(1)
    expect(await consistentIds(store, ['counter:1'])).toEqual([first.id])
  })
})

it('says of one append of several that a repeat may double, when only its outcome is unknown', async () => {
  const { store } = await openWatched(collection(), { prefix }, ({ verb, key }) =>
    verb === 'insert' && key.endsWith(':counter:1') ? 'reply-lost' : 'sent',
  )
  const lost = refusedWith(() => store.append('counter:1', [counted(1)]))
  const neighbour = store.append('counter:2', [counted(1)])
  expect(await lost).toMatchObject({ code: 'OUTCOME_UNKNOWN', outcome: 'unknown' })
  expect(String(await lost)).toMatch(/double/)
  expect(await neighbour).toMatchObject({ version: 1 })
  expect(await consistentIds(store, ['counter:1', 'counter:2'])).toHaveLength(2)
})

describe('a name whose hash is that of another', () => {
  const long = `counter:${'x'.repeat(247)}`

  it('of a stream is refused, not mistaken', async () => {
    const backend = await couchbase({ collection: collection(), prefix, create: true })
    await backend.store.append(long, [counted(1)])
    const keys = new Keys(prefix)
    const { content } = await collection().get(keys.commit(long, 1))
    await collection().replace(keys.commit(long, 1), { ...(content as object), stream: 'counter:other' })
    const other = (await couchbase({ collection: collection(), prefix })).store
    const refused = { code: 'BACKEND_FAILED' }
    expect(await refusedWith(() => other.read(long).toArray())).toMatchObject(refused)
    expect(await refusedWith(() => other.head(long))).toMatchObject(refused)
    expect(await refusedWith(() => other.append(long, [counted(2)]))).toMatchObject(refused)
    expect(await refusedWith(() => other.feed().toArray())).toMatchObject(refused)
  })

  it('of a document is refused, not mistaken', async () => {
    const { documents } = await couchbase({ collection: collection(), prefix, create: true })
    const notes = documents.collection('notes')
    await notes.put(long, 1, { partition: 0 })
    const key = new Keys(prefix).document('notes', 0, long)
    const { content } = await collection().get(key)
    await collection().replace(key, { ...(content as object), name: 'other' })
    expect(await refusedWith(() => notes.get(long, { partition: 0 }))).toMatchObject({
      code: 'BACKEND_FAILED',
    })
  })
})
