import { expect, it } from 'vitest'
import { counted, openWatched, ownPrefix, useCollection, type Watched } from './server.ts'

const collection = useCollection()

async function operationsOf({ watched }: Watched, work: () => Promise<unknown>): Promise<number> {
  const before = watched.operations.length
  await work()
  return watched.operations.length - before
}

it('appends alone with two operations, three where it has to see first whether the stream is there', async () => {
  const client = await openWatched(collection(), { prefix: ownPrefix() })
  const { store } = client
  await store.append('counter:1', [counted(1)])
  expect(await operationsOf(client, () => store.append('counter:1', [counted(2)]))).toBe(2)
  expect(
    await operationsOf(client, () => store.append('counter:1', [counted(3)], { expectedVersion: 2 })),
  ).toBe(2)
  expect(await operationsOf(client, () => store.append('counter:2', [counted(1)]))).toBe(3)
  for (const expectedVersion of ['none', 0] as const)
    expect(
      await operationsOf(client, () =>
        store.append(`counter:${expectedVersion}`, [counted(1)], { expectedVersion }),
      ),
    ).toBe(2)
})

it('appends with two operations to a stream that was read to its end, whoever wrote it', async () => {
  const prefix = ownPrefix()
  const writer = await openWatched(collection(), { prefix })
  for (let number = 0; number < 5; number++) await writer.store.append('counter:1', [counted(number)])
  const client = await openWatched(collection(), { prefix })
  await client.store.append('counter:2', [counted(1)])
  expect(await client.store.read('counter:1').toArray()).toHaveLength(5)
  expect(
    await operationsOf(client, () => client.store.append('counter:1', [counted(5)], { expectedVersion: 5 })),
  ).toBe(2)
})

it('appends 64 at a time with at most 1.2 operations each, with pages turned and ends noted', async () => {
  const client = await openWatched(collection(), { prefix: ownPrefix() })
  const { store } = client
  const streams = Array.from({ length: 64 }, (_, index) => `counter:${index}`)
  await Promise.all(streams.map((streamId) => store.append(streamId, [counted(0)])))
  const appends = 64 * 40
  const operations = await operationsOf(client, () =>
    Promise.all(
      streams.map(async (streamId) => {
        for (let number = 1; number <= appends / 64; number++) await store.append(streamId, [counted(number)])
      }),
    ),
  )
  expect(operations / appends).toBeLessThanOrEqual(1.2)
})

it('writes appends to one stream that are made at once as one commit', async () => {
  const client = await openWatched(collection(), { prefix: ownPrefix() })
  const { store } = client
  await store.append('counter:1', [counted(0)])
  const appends = Array.from({ length: 64 }, (_, number) => counted(number))
  const operations = await operationsOf(client, () =>
    Promise.all(appends.map((event) => store.append('counter:1', [event]))),
  )
  expect(operations).toBeLessThanOrEqual(8)
  expect(await store.read('counter:1').toArray()).toHaveLength(65)
})

it('reads pages of the feed that are settled without looking up commits', async () => {
  const prefix = ownPrefix()
  const writer = await openWatched(collection(), { prefix })
  for (let number = 0; number < 40; number++)
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => writer.store.append(`counter:${index}`, [counted(number)])),
    )
  const first = await openWatched(collection(), { prefix })
  expect(await first.store.feed().toArray()).toHaveLength(2000)
  const second = await openWatched(collection(), { prefix })
  expect(await operationsOf(second, () => second.store.feed().toArray())).toBeLessThan(2000 / 5)
  const gets = second.watched.operations.filter(({ verb }) => verb === 'get').length
  const inserts = second.watched.operations.filter(({ verb }) => verb === 'insert').length
  expect(gets).toBeLessThan(40)
  // Opening tries to write the manifest; nothing else was left to do.
  expect(inserts).toBe(1)
})

it('reads a stream of few large commits with few operations', async () => {
  const prefix = ownPrefix()
  const { store } = await openWatched(collection(), { prefix })
  for (let number = 0; number < 50; number++)
    await store.append(
      'counter:1',
      Array.from({ length: 20 }, (_, index) => counted(index)),
    )
  const reader = await openWatched(collection(), { prefix })
  expect(
    await operationsOf(reader, async () => {
      expect(await reader.store.read('counter:1').toArray()).toHaveLength(1000)
    }),
  ).toBeLessThanOrEqual(80)
})

it('finds the end of a long stream, and the page of an old position, in few operations', async () => {
  const prefix = ownPrefix()
  const { store } = await openWatched(collection(), { prefix })
  const results = []
  for (let number = 0; number < 200; number++)
    results.push(await store.append('counter:1', [counted(number)]))
  const cold = await openWatched(collection(), { prefix })
  expect(
    await operationsOf(cold, async () => {
      expect((await cold.store.head('counter:1')).version).toBe(200)
    }),
  ).toBeLessThanOrEqual(16)
  expect(
    await operationsOf(cold, async () => {
      expect(await cold.store.read('counter:1', { from: 100, limit: 1 }).toArray()).toHaveLength(1)
    }),
  ).toBeLessThanOrEqual(8)
  expect(await cold.store.feed({ after: results[99]?.position, limit: 3 }).toArray()).toHaveLength(3)
})
