import assert from 'node:assert/strict'
import {
  comparePositions,
  type EventStore,
  type FeedOptions,
  murmur2,
  type Position,
  partitionOf,
} from '@eventspine/core'
import type { Case } from '../kit.ts'
import { numberOf, sampleEvent, sampleEvents } from '../sample-events.ts'

const PARTITIONS = 4

/**
 * What Kafka's own partitioner hashes these to; the first six are its own test vectors.
 *
 * @see https://github.com/apache/kafka/blob/trunk/clients/src/test/java/org/apache/kafka/common/utils/UtilsTest.java
 */
const MURMUR2: readonly (readonly [text: string, hash: number])[] = [
  ['21', -973_932_308],
  ['foobar', -790_332_482],
  ['a-little-bit-long-string', -985_981_536],
  ['a-little-bit-longer-string', -1_486_304_829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
  ['abc', 479_470_107],
  ['', 275_646_681],
  ['a', 2_731_586_172],
  ['ab', 316_155_434],
  ['abcd', 2_971_317_748],
  ['bank-account:42', 121_158_903],
  ['invoice:INV/2021/11/01', 2_084_703_840],
  ['INV/2021/11/01', 4_098_810_242],
  ['ünïcode:é', 1_206_786_723],
  ['cart:🦄', 2_157_695_024],
  ['日本語:1', 539_595_916],
  ['x'.repeat(255), 3_800_271_535],
]

/** The feed of a partition, page by page, with where each page says to resume. */
async function slicesOf(store: EventStore, options: FeedOptions) {
  const slices: { readonly numbers: readonly number[]; readonly next: Position; readonly atEnd: boolean }[] =
    []
  for await (const { events, next, atEnd } of store.feed(options).slices()) {
    slices.push({ numbers: events.map(numberOf), next, atEnd })
  }
  return slices
}

export const feedCases: readonly Case[] = [
  {
    id: 'feed/partition-function',
    laws: ['F1'],
    title: 'places every stream in the partition that Kafka’s default partitioner gives its id',
    async run({ open }) {
      for (const [text, hash] of MURMUR2) assert.equal(murmur2(text), hash >>> 0, JSON.stringify(text))
      const { store } = (await open({ partitions: 16 })).backend
      assert.equal(store.partitions, 16)
      const expected = new Map<number, Set<string>>()
      for (const [streamId, hash] of MURMUR2) {
        if (streamId === '') continue
        const { position = '' } = await store.append(streamId, [sampleEvent(1)])
        const partition = ((hash >>> 0) & 0x7fffffff) % 16
        assert.equal(Number(position.split('.')[1]), partition, streamId)
        expected.set(partition, (expected.get(partition) ?? new Set()).add(streamId))
      }
      for (let partition = 0; partition < 16; partition++) {
        const events = await store.feed({ partition }).toArray()
        assert.deepEqual(new Set(events.map((event) => event.streamId)), expected.get(partition) ?? new Set())
      }
    },
  },
  {
    id: 'feed/total-order',
    laws: ['F2', 'F4', 'F6'],
    title: 'lists events in the order in which they were committed, at strictly rising positions',
    async run({ open }) {
      const { store } = (await open()).backend
      const order: string[] = []
      for (let number = 0; number < 40; number++) {
        const streamId = `counter:${(number * 7) % 5}`
        const { version } = await store.append(streamId, sampleEvents((number % 3) + 1))
        for (let back = number % 3; back >= 0; back--) order.push(`${streamId}@${version - back}`)
      }
      const events = await store.feed({ pageSize: 9 }).toArray()
      assert.deepEqual(
        events.map((event) => `${event.streamId}@${event.streamPosition}`),
        order,
      )
      for (const [index, event] of events.entries()) {
        const before = events[index - 1]
        if (before !== undefined)
          assert.ok(comparePositions(before.position, event.position) < 0, 'positions do not rise')
      }
    },
  },
  {
    id: 'feed/stream-order',
    laws: ['F2', 'F4'],
    title: 'keeps the order of every stream and lists every event once, whatever clients write at once',
    async run({ open }) {
      for (const partitions of [1, PARTITIONS]) {
        const test = await open({ partitions })
        const clients = [test.backend.store, (await test.sibling()).store]
        const perStream = 12
        await Promise.all(
          Array.from({ length: 10 }, async (_, stream) => {
            for (let number = 1; number <= perStream; number += 2) {
              const client = clients[(stream + number) % 2] ?? test.backend.store
              await client.append(`counter:${stream}`, sampleEvents(2, number), {
                expectedVersion: number - 1,
              })
            }
          }),
        )
        const seen = new Map<string, number>()
        for (let partition = 0; partition < partitions; partition++) {
          for (const event of await test.backend.store.feed({ partition, pageSize: 7 }).toArray()) {
            assert.equal(partitionOf(event.streamId, partitions), partition)
            const version = (seen.get(event.streamId) ?? 0) + 1
            assert.deepEqual([event.streamPosition, numberOf(event)], [version, version])
            seen.set(event.streamId, version)
          }
        }
        assert.equal(seen.size, 10)
        assert.ok(
          [...seen.values()].every((count) => count === perStream),
          'an event was seen twice or not at all',
        )
      }
    },
  },
  {
    id: 'feed/every-page-size',
    laws: ['F4', 'R4'],
    title: 'lists the same events in pages of any size, says where each page ends, and stops at the end',
    async run({ open }) {
      const { store } = (await open()).backend
      const count = 45
      for (let number = 0; number < count; number += 3)
        await store.append(`counter:${number % 2}`, sampleEvents(3, number))
      const all = Array.from({ length: count }, (_, number) => number)
      const head = await store.feedHead()
      for (const pageSize of [1, 2, 7, 44, 45, 46, 1000]) {
        const slices = await slicesOf(store, { pageSize })
        assert.deepEqual(
          slices.flatMap(({ numbers }) => numbers),
          all,
        )
        assert.ok(
          slices.every(({ numbers }) => numbers.length <= pageSize),
          'a page is larger than asked for',
        )
        assert.equal(slices.at(-1)?.next, head)
        assert.equal(slices.at(-1)?.atEnd, true)
        for (const { numbers, next } of slices) {
          const rest = await store.feed({ after: next, limit: 1 }).toArray()
          assert.deepEqual(rest.map(numberOf), all.slice((numbers.at(-1) ?? count) + 1).slice(0, 1))
        }
        for (const limit of [0, 1, 7, 44, 45, 100]) {
          assert.deepEqual(
            (await store.feed({ pageSize, limit }).toArray()).map(numberOf),
            all.slice(0, limit),
          )
        }
      }
    },
  },
  {
    id: 'feed/resume-everywhere',
    laws: ['F5', 'F4'],
    title: 'resumes behind any event, in this process and after the store was opened again',
    async run({ open }) {
      const test = await open({ partitions: PARTITIONS })
      for (let number = 0; number < 60; number++)
        await test.backend.store.append(`counter:${number % 9}`, [sampleEvent(number)])
      const feeds = await Promise.all(
        Array.from({ length: PARTITIONS }, (_, partition) =>
          test.backend.store.feed({ partition }).toArray(),
        ),
      )
      assert.equal(feeds.flat().length, 60)
      const check = async (store: EventStore): Promise<void> => {
        for (const [partition, feed] of feeds.entries()) {
          for (const [index, { position }] of feed.entries()) {
            // A position says its partition by itself.
            const options = index % 2 === 0 ? { after: position } : { after: position, partition }
            const rest = await store.feed({ ...options, pageSize: 4 }).toArray()
            assert.deepEqual(rest.map(numberOf), feed.slice(index + 1).map(numberOf))
          }
        }
      }
      await check(test.backend.store)
      await check((await test.reopen()).store)
    },
  },
  {
    id: 'feed/empty',
    laws: ['F5', 'F6'],
    title: 'has a start to resume from before anything was written, and reads from there what comes',
    async run({ open }) {
      const test = await open({ partitions: 2 })
      const { store } = test.backend
      const starts = await Promise.all([store.feedHead(0), store.feedHead(1)])
      for (const [partition, start] of starts.entries()) {
        const slices = await slicesOf(store, { partition })
        assert.ok(slices.length <= 1, 'an empty feed has several pages')
        for (const { numbers, next, atEnd } of slices)
          assert.deepEqual([numbers, next, atEnd], [[], start, true])
        assert.deepEqual(await store.feed({ after: start }).toArray(), [])
      }
      for (let number = 0; number < 20; number++)
        await store.append(`counter:${number}`, [sampleEvent(number)])
      const reopened = (await test.reopen()).store
      const fed = await Promise.all(starts.map((after) => reopened.feed({ after }).toArray()))
      assert.deepEqual(
        fed
          .flat()
          .map(numberOf)
          .sort((a, b) => a - b),
        Array.from({ length: 20 }, (_, number) => number),
      )
      for (const [partition, events] of fed.entries()) {
        assert.equal(await reopened.feedHead(partition), events.at(-1)?.position)
        const [first] = events
        if (first !== undefined)
          assert.ok(
            comparePositions(starts[partition] ?? '', first.position) < 0,
            'an event stands before the start of its partition',
          )
      }
    },
  },
  {
    id: 'feed/same-event',
    laws: ['F3', 'F4'],
    title: 'shows the same event at the same position in the stream, the feed, later and after a restart',
    async run({ open }) {
      const test = await open()
      for (let number = 0; number < 12; number++)
        await test.backend.store.append(`counter:${number % 3}`, sampleEvents(2))
      const plain = async (store: EventStore) => (await store.feed().toArray()).map((event) => event.toJSON())
      const first = await plain(test.backend.store)
      const streams = await Promise.all(
        [0, 1, 2].map((stream) => test.backend.store.read(`counter:${stream}`).toArray()),
      )
      const fromStreams = streams.flat().map((event) => event.toJSON())
      assert.deepEqual(
        fromStreams.sort((a, b) => comparePositions(a.position, b.position)),
        first,
      )
      await test.backend.store.append('counter:0', sampleEvents(3))
      assert.deepEqual((await plain(test.backend.store)).slice(0, first.length), first)
      assert.deepEqual((await plain((await test.reopen()).store)).slice(0, first.length), first)
    },
  },
]
