import { expect, it } from 'vitest'
import { placeOf } from '../src/directory.ts'
import { Keys } from '../src/keys.ts'
import { openWatched, ownPrefix, refusedWith, useCollection } from './server.ts'

const collection = useCollection()
const DAY_MS = 24 * 60 * 60 * 1000

async function keysOf(listing: AsyncIterable<{ readonly key: string }>): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const { key } of listing) keys.push(key)
  return keys
}

it('leaves a key without a document when a put dies between the two, and does not list it', async () => {
  const prefix = ownPrefix()
  const { backend } = await openWatched(collection(), { prefix }, ({ verb }) =>
    verb === 'upsert' ? 'not-sent' : 'sent',
  )
  const notes = backend.documents.collection('notes', { listed: true })
  expect(await refusedWith(() => notes.put('n', 1))).toMatchObject({ outcome: 'unknown' })
  expect(await keysOf(notes.list())).toEqual([])
  const { backend: other } = await openWatched(collection(), { prefix })
  const again = other.documents.collection('notes', { listed: true })
  await again.put('n', 1)
  expect(await keysOf(notes.list())).toEqual(['n'])
})

it('forgets keys without documents after a day, and none that was put again since', async () => {
  const prefix = ownPrefix()
  const { backend } = await openWatched(collection(), { prefix })
  const notes = backend.documents.collection('notes', { listed: true })
  const { shard, name } = placeOf('old')
  const at = new Keys(prefix).directory('notes', 0, shard)
  const directory = async () =>
    (await collection().get(at)).content as { keys: Record<string, [string, number]> }
  await notes.put('old', 1)
  await notes.delete('old')
  expect(await keysOf(notes.list())).toEqual([])
  expect((await directory()).keys[name]?.[0], 'a put may be on its way').toBe('old')
  const before = await directory()
  before.keys[name] = ['old', Date.now() - DAY_MS - 1]
  await collection().replace(at, before)
  expect(await keysOf(notes.list())).toEqual([])
  expect((await directory()).keys[name]).toBeUndefined()
  await notes.put('old', 2)
  expect(await keysOf(notes.list())).toEqual(['old'])
})

it('is not fooled by a server that gives a state the same mark again', async () => {
  const prefix = ownPrefix()
  const { backend } = await openWatched(collection(), { prefix })
  const notes = backend.documents.collection('notes')
  const revisions = new Set<string>()
  for (let round = 0; round < 5; round++) {
    revisions.add(await notes.put('n', round, { expectedRevision: 'none' }))
    await notes.delete('n')
  }
  expect(revisions.size).toBe(5)
  await notes.put('n', 6)
  for (const revision of revisions)
    expect(await refusedWith(() => notes.put('n', 7, { expectedRevision: { revision } }))).toMatchObject({
      code: 'REVISION_CONFLICT',
    })
})

it('lets one of several writers of one revision win', async () => {
  const prefix = ownPrefix()
  const clients = await Promise.all(Array.from({ length: 4 }, () => openWatched(collection(), { prefix })))
  const [first] = clients
  let revision = await first?.backend.documents.collection('notes').put('n', 0)
  for (let round = 0; round < 5; round++) {
    const racing = await Promise.allSettled(
      clients.map(({ backend }, index) =>
        backend.documents
          .collection('notes')
          .put('n', index, { expectedRevision: { revision: revision ?? '' } }),
      ),
    )
    const won = racing.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
    expect(won).toHaveLength(1)
    revision = won[0]
  }
})

it('keeps a document that is to live longer than the server can be told', async () => {
  const prefix = ownPrefix()
  const { backend } = await openWatched(collection(), { prefix })
  const notes = backend.documents.collection('notes')
  for (const expiresInMs of [1000 * DAY_MS, 200 * 365 * DAY_MS, Number.MAX_SAFE_INTEGER / 2 - 0.5]) {
    await notes.put('long', expiresInMs, { expiresInMs })
    expect((await notes.get('long'))?.value).toBe(expiresInMs)
  }
})
