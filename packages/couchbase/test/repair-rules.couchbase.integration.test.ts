import type { EventStore } from '@eventspine/core'
import { beforeEach, describe, expect, it } from 'vitest'
import { commitOf } from '../src/stored-commit.ts'
import { entryOf, RawStore } from './raw-store.ts'
import { counted, openWatched, ownPrefix, refusedWith, useCollection } from './server.ts'

const collection = useCollection()

let prefix = ''
let store: EventStore
let raw: RawStore

/** Another client, which knows nothing yet. */
async function another(): Promise<EventStore> {
  return (await openWatched(collection(), { prefix })).store
}

async function feedOf(client: EventStore): Promise<readonly unknown[]> {
  return (await client.feed().toArray()).map(({ data }) => data)
}

async function streamOf(client: EventStore, streamId: string): Promise<readonly unknown[]> {
  return (await client.read(streamId).toArray()).map(({ data }) => data)
}

beforeEach(async () => {
  prefix = ownPrefix()
  ;({ store } = await openWatched(collection(), { prefix }))
  raw = new RawStore(collection(), prefix)
  await store.append('counter:1', [counted(1)])
})

const ONE = { number: 1 }

describe('a reader', () => {
  it('completes what a dead writer left before something that counts', async () => {
    await raw.leave(0, [entryOf('counter:1', 2, 'left')])
    expect(await feedOf(await another()), 'nothing stands behind it').toEqual([ONE])
    expect(await streamOf(store, 'counter:1')).toEqual([ONE])
    await store.append('counter:2', [counted(2)])
    const reader = await another()
    expect(await feedOf(reader)).toEqual([ONE, 'left', { number: 2 }])
    expect(await streamOf(store, 'counter:1')).toEqual([ONE, 'left'])
    expect(await store.append('counter:1', [counted(3)])).toMatchObject({ version: 3 })
  })

  it('completes what a dead writer left at the end of a closed page', async () => {
    await raw.leave(0, [entryOf('counter:1', 2, 'left')])
    await raw.close(0)
    expect(await feedOf(await another())).toEqual([ONE, 'left'])
    expect(await streamOf(store, 'counter:1')).toEqual([ONE, 'left'])
  })

  it('ends before what nobody has decided, and waits for no more', async () => {
    await raw.leave(0, [entryOf('counter:1', 2, 'left')])
    const head = await store.feedHead()
    const slices = []
    for await (const slice of store.feed().slices()) slices.push(slice)
    expect(slices.at(-1)).toMatchObject({ next: head, atEnd: true })
    const woken = store.waitForFeed({ after: head, timeoutMs: 20 })
    await woken
    expect(await store.feedHead()).toBe(head)
  })

  it('passes over what lost its number to another commit, for ever', async () => {
    const lost = entryOf('counter:1', 2, 'lost')
    await raw.leave(0, [lost])
    await store.append('counter:1', [counted(2)])
    const seen = [ONE, { number: 2 }]
    expect(await feedOf(await another())).toEqual(seen)
    // Its writer was only slow: the number is taken, and stays so when what has it is removed.
    await store.truncate('counter:1', { before: 3 })
    const late = collection().insert(raw.keys.commit('counter:1', 2), commitOf(lost, 2))
    expect(await refusedWith(() => late)).toMatchObject({ name: 'DocumentExistsError' })
    expect(await feedOf(await another())).toEqual([])
    expect(await streamOf(await another(), 'counter:1')).toEqual([])
  })

  it('counts one of two entries of one commit: that whose place the commit names', async () => {
    const twice = entryOf('counter:1', 2, 'twice')
    await raw.leave(0, [twice])
    const at = await raw.leave(0, [twice])
    await collection().insert(raw.keys.commit('counter:1', 2), commitOf(twice, at))
    const reader = await another()
    const events = await reader.feed().toArray()
    expect(events.map(({ data }) => data)).toEqual([ONE, 'twice'])
    expect(events.at(-1)?.position).toContain(`.${at}.`)
    expect(await streamOf(reader, 'counter:1')).toEqual([ONE, 'twice'])
  })

  it('does not count an entry at the place that a commit names with another id', async () => {
    // As after a failover that lost the page and not the commit.
    const gone = entryOf('counter:1', 2, 'gone')
    const at = await raw.leave(0, [entryOf('counter:1', 2, 'came later')])
    await collection().insert(raw.keys.commit('counter:1', 2), commitOf(gone, at))
    expect(await feedOf(await another())).toEqual([ONE])
  })

  it('lets what is chained to an entry fall with it, and stand with it', async () => {
    await raw.leave(0, [entryOf('counter:1', 2, 'falls'), entryOf('counter:1', 3, 'falls too', true)])
    await raw.leave(0, [entryOf('counter:2', 1, 'stands'), entryOf('counter:2', 2, 'stands too', true)])
    await store.append('counter:1', [counted(2)])
    const reader = await another()
    expect(await feedOf(reader)).toEqual([ONE, 'stands', 'stands too', { number: 2 }])
    expect(await streamOf(reader, 'counter:1')).toEqual([ONE, { number: 2 }])
    expect(await streamOf(reader, 'counter:2')).toEqual(['stands', 'stands too'])
    expect(await raw.commit('counter:1', 3)).toBeUndefined()
  })

  it('lets all of a stream in an import fall with its first commit', async () => {
    const dying = await openWatched(collection(), { prefix }, ({ verb }) =>
      verb === 'insert' ? 'not-sent' : 'sent',
    )
    const imported = ['counter:2', 'counter:3', 'counter:2'].map((streamId, index) => {
      const timestamp = '2001-01-01T00:00:00.000Z'
      const { id = '', type, data } = counted(10 + index)
      const streamPosition = index === 2 ? 2 : 1
      return { id, type, data, streamId, streamPosition, schemaVersion: 1, timestamp, metadata: {} }
    })
    expect(await refusedWith(() => dying.store.import(imported))).toMatchObject({ outcome: 'unknown' })
    await store.append('counter:2', [counted(2)])
    const reader = await another()
    expect(await feedOf(reader)).toEqual([ONE, { number: 11 }, { number: 2 }])
    expect(await streamOf(reader, 'counter:2')).toEqual([{ number: 2 }])
  })

  it('refuses a position at which an entry stands that does not count', async () => {
    const at = await raw.leave(0, [entryOf('counter:1', 2, 'lost')])
    await store.append('counter:1', [counted(2)])
    const head = await store.feedHead()
    const after = head.replace(/\.\d+\.([0-9a-f]+)$/, `.${at}.$1`)
    expect(await refusedWith(() => store.feed({ after }).toArray())).toMatchObject({ code: 'FEED_DIVERGED' })
  })
})

describe('a closed page', () => {
  it('is opened for nobody: a writer that knows nothing better goes on behind it', async () => {
    const slow = await another()
    await slow.append('counter:2', [counted(2)])
    await raw.close(0)
    await store.append('counter:1', [counted(3)])
    await slow.append('counter:2', [counted(4)])
    expect((await raw.page(0)).entries).toHaveLength(2)
    expect((await raw.page(1)).entries).toHaveLength(2)
    expect((await raw.page(1)).base).toBe((await raw.page(0)).last)
    expect(await feedOf(await another())).toEqual([1, 2, 3, 4].map((number) => ({ number })))
  })

  it('is marked once all of it is decided, and keeps nothing of what does not count', async () => {
    await raw.leave(0, [entryOf('counter:1', 2, 'refused secret')])
    await store.append('counter:1', [counted(2)])
    await raw.leave(0, [entryOf('counter:1', 3, 'left')])
    await raw.close(0)
    const before = await store.feed().toArray()
    const page = await raw.page(0)
    expect(page).toMatchObject({ settled: 1, base: 0, last: 4 })
    expect(page.entries.map((entry) => ('void' in entry ? entry.void : 'entry'))).toEqual([
      'entry',
      1,
      'entry',
      'entry',
    ])
    expect(JSON.stringify(page)).not.toContain('secret')
    const after = await (await another()).feed().toArray()
    expect(after.map((event) => event.position)).toEqual(before.map((event) => event.position))
  })

  it('is not marked before the pages in front of it', async () => {
    await store.append('counter:1', [counted(2)])
    await raw.close(0)
    const { position } = await store.append('counter:2', [counted(3)])
    await raw.close(1)
    await store.append('counter:2', [counted(4)])
    expect(await feedOf(store)).toHaveLength(4)
    const { settled: _, ...unmarked } = await raw.page(0)
    await collection().replace(raw.keys.page(0, 0), unmarked)
    const { settled: __, ...alsoUnmarked } = await raw.page(1)
    await collection().replace(raw.keys.page(0, 1), alsoUnmarked)
    const reader = await another()
    expect(await reader.feed({ after: position }).toArray()).toHaveLength(1)
    expect((await raw.page(1)).settled).toBeUndefined()
    expect(await feedOf(reader)).toHaveLength(4)
    expect([(await raw.page(0)).settled, (await raw.page(1)).settled]).toEqual([1, 1])
  })
})

describe('a seal', () => {
  it('decides what was left in the feed before it returns', async () => {
    await raw.leave(0, [entryOf('counter:1', 2, 'left')])
    await raw.close(0)
    await store.append('counter:2', [counted(2)])
    await raw.leave(1, [entryOf('counter:2', 2, 'left too')])
    await store.seal(0)
    expect(await raw.commit('counter:1', 2)).toBeDefined()
    expect(await raw.commit('counter:2', 2)).toBeDefined()
    const head = await store.feedHead()
    expect(await feedOf(await another())).toEqual([ONE, 'left', { number: 2 }, 'left too'])
    expect(await store.feedHead()).toBe(head)
  })

  it('is not passed by a writer that is about to open the next page', async () => {
    await raw.close(0)
    await store.seal(0)
    for (const client of [store, await another()])
      expect(await refusedWith(() => client.append('counter:1', [counted(2)]))).toMatchObject({
        code: 'PARTITION_SEALED',
      })
    await store.seal(0, false)
    await (await another()).append('counter:1', [counted(2)])
    await store.seal(0)
    expect(await refusedWith(() => store.append('counter:1', [counted(3)]))).toMatchObject({
      code: 'PARTITION_SEALED',
    })
    expect(await feedOf(await another())).toEqual([ONE, { number: 2 }])
  })
})

describe('a removal', () => {
  it('leaves nothing of the data in any document, and the ids in their places', async () => {
    const secret = { type: 'Told', data: 'secret' }
    await store.append('counter:1', [secret, secret])
    await raw.close(0)
    await store.append('counter:1', [secret])
    const before = await store.feed().toArray()
    await store.delete('counter:1')
    const documents = [
      await raw.page(0),
      await raw.page(1),
      await raw.commit('counter:1', 1),
      await raw.commit('counter:1', 2),
      await raw.commit('counter:1', 3),
    ]
    expect(JSON.stringify(documents)).not.toContain('secret')
    expect((await raw.commit('counter:1', 2))?.events).toEqual(before.slice(1, 3).map(({ id }) => [id]))
    for (const { position } of before)
      expect(await store.feed({ after: position }).toArray(), 'every position stays').toEqual([])
  })

  it('is brought back by no reader that holds what it read before', async () => {
    const left = entryOf('counter:1', 2, 'secret')
    const at = await raw.leave(0, [left])
    await store.append('counter:2', [counted(2)])
    expect(await feedOf(await another())).toContain('secret')
    await store.delete('counter:1')
    // What a helper would do that was slow.
    const late = collection().insert(raw.keys.commit('counter:1', 2), commitOf(left, at))
    expect(await refusedWith(() => late)).toMatchObject({ name: 'DocumentExistsError' })
    expect(await feedOf(await another())).toEqual([{ number: 2 }])
    expect(await streamOf(await another(), 'counter:1')).toEqual([])
  })

  it('decides against what a dead writer left for the stream', async () => {
    await raw.leave(0, [entryOf('counter:1', 2, 'left')])
    await store.delete('counter:1')
    await store.append('counter:2', [counted(2)])
    expect(await feedOf(await another())).toEqual([{ number: 2 }])
    expect(await store.head('counter:1')).toMatchObject({ version: 1, deleted: true })
  })

  it('that broke off is finished before its stream is opened again', async () => {
    await store.append('counter:1', [{ type: 'Told', data: 'secret' }])
    const { at, id } = (await raw.commit('counter:1', 2)) ?? { at: 0, id: '' }
    await collection().insert(raw.keys.commit('counter:1', 3), {
      stream: 'counter:1',
      number: 3,
      version: 3,
      last: 2,
      at,
      id,
      deleted: 1,
      time: 0,
      events: [],
    })
    const client = await another()
    expect(await client.head('counter:1')).toMatchObject({ version: 2, deleted: true })
    expect(await streamOf(client, 'counter:1'), 'a reader is not shown what is deleted').toEqual([])
    await client.append('counter:1', [counted(3)], { expectedVersion: 2 })
    expect(await streamOf(await another(), 'counter:1')).toEqual([{ number: 3 }])
    expect(await feedOf(await another())).toEqual([{ number: 3 }])
    expect(JSON.stringify(await raw.page(0))).not.toContain('secret')
  })
})
