import assert from 'node:assert/strict'
import { eventually } from '../eventually.ts'
import type { Case, CaseBackend } from '../kit.ts'
import { ownedByLeases } from '../owned-by-leases.ts'
import { readLog } from '../read-log.ts'
import { Random } from '../random.ts'
import { Gate, RecordedConsumer } from '../recorded-consumer.ts'
import type { Source } from '../source.ts'
import { turn } from '../turn.ts'
import { numberOf, sampleEvent, sampleEvents, streamsOfPartition } from '../sample-events.ts'

/** Appends one event after the other, `count` in all, over a few streams. */
async function appendOneByOne(
  source: Source,
  streamIds: readonly string[],
  from: number,
  count: number,
): Promise<void> {
  for (let number = from; number < from + count; number++) {
    await source.append(streamIds[number % streamIds.length] ?? '', [sampleEvent(number)])
  }
}

/** Everything that is there, partition by partition, as numbers. */
async function feedNumbers({ backend, source }: CaseBackend): Promise<readonly number[]> {
  if (!backend.capabilities.store) {
    const partitions = await readLog(backend, await source.heads())
    return [...partitions.values()].flat().map(numberOf)
  }
  const numbers: number[] = []
  for (let partition = 0; partition < backend.store.partitions; partition++) {
    const events = await backend.store.feed({ partition }).toArray()
    numbers.push(...events.map(numberOf))
  }
  return numbers
}

function assertEachOnce(handled: readonly number[], count: number): void {
  assert.deepEqual(
    [...handled].sort((a, b) => a - b),
    Array.from({ length: count }, (_, index) => index + 1),
  )
}

export const consumeDeliveryCases: readonly Case[] = [
  {
    id: 'consume/existing-then-live',
    laws: ['C1'],
    title: 'handles what is there and what comes later, with no hole and no repeat at the seam',
    async run({ open, seed }) {
      const test = await open()
      const { backend, source } = test
      const random = new Random(seed)
      const existing = random.integer(20, 120)
      const streams = streamsOfPartition(0, 1, 3)
      await appendOneByOne(source, streams, 1, existing)
      // The writer goes on while the consumer starts, so that the seam falls among its appends.
      const writing = appendOneByOne(source, streams, existing + 1, 120)
      const consumer = await RecordedConsumer.start(backend, { group: 'seam', concurrency: 1 })
      await writing
      await consumer.hasHandled(existing + 120)
      await consumer.stop()
      assert.deepEqual(consumer.numbers, await feedNumbers(test))
    },
  },
  {
    id: 'consume/every-partition',
    laws: ['C1', 'C2'],
    title: 'handles the events of every partition, each once, those of a stream in order',
    async run({ open }) {
      const { backend, source } = await open({ partitions: 8 })
      const streams = Array.from({ length: 24 }, (_, index) => `counter:${index}`)
      await Promise.all(
        streams.map((streamId, index) => source.append(streamId, sampleEvents(5, index * 5 + 1))),
      )
      const consumer = await RecordedConsumer.start(backend, { group: 'all' })
      await consumer.hasHandled(120)
      await consumer.stop()
      assertEachOnce(consumer.numbers, 120)
      for (const numbers of consumer.byStream().values()) {
        assert.deepEqual(
          numbers,
          [...numbers].sort((a, b) => a - b),
        )
      }
    },
  },
  {
    id: 'consume/order-under-concurrency',
    laws: ['C2'],
    title: 'handles streams side by side, each in order and never two of its events at once',
    async run({ open, seed }) {
      const { backend, source } = await open()
      const random = new Random(seed)
      const streams = streamsOfPartition(0, 1, 8)
      await Promise.all(
        streams.map((streamId, index) => source.append(streamId, sampleEvents(20, index * 20 + 1))),
      )
      const busy = new Set<string>()
      const consumer = await RecordedConsumer.start(
        backend,
        { group: 'order', concurrency: 8 },
        async ({ streamId }) => {
          assert.ok(!busy.has(streamId), `two events of ${streamId} at once`)
          busy.add(streamId)
          for (let turns = random.integer(0, 5); turns >= 0; turns--) await turn()
          busy.delete(streamId)
        },
      )
      await consumer.hasHandled(160)
      await consumer.stop()
      assert.deepEqual(consumer.noticesOf('retry'), [])
      for (const [streamId, numbers] of consumer.byStream()) {
        const first = streams.indexOf(streamId) * 20 + 1
        assert.deepEqual(
          numbers,
          Array.from({ length: 20 }, (_, index) => first + index),
          streamId,
        )
      }
      assert.ok(consumer.mostAtOnce > 1, 'no two streams were handled side by side')
      assert.ok(consumer.mostAtOnce <= 8, `${consumer.mostAtOnce} handlers at once, 8 may be`)
    },
  },
  {
    id: 'consume/groups-independent',
    laws: ['C1', 'C3'],
    title: 'gives every group every event, and lets none wait for another',
    async run({ open }) {
      const { backend, source } = await open()
      await source.append('counter:shared', sampleEvents(20))
      const gate = new Gate()
      const held = await RecordedConsumer.start(backend, { group: 'held' }, () => gate.pass())
      await gate.reached()
      const free = await RecordedConsumer.start(backend, { group: 'free' })
      await free.hasHandled(20)
      assert.deepEqual(held.handled, [])
      gate.open()
      await held.hasHandled(20)
      await Promise.all([held.stop(), free.stop()])
      assert.deepEqual(held.numbers, free.numbers)
    },
  },
  {
    id: 'consume/start-from',
    laws: ['C1'],
    title: 'starts a new group at the start, at the end or behind a token, and an old one at its checkpoint',
    async run({ open }) {
      const { backend, source } = await open({ partitions: 4 })
      const streams = Array.from({ length: 12 }, (_, index) => `counter:${index}`)
      for (const [index, streamId] of streams.entries())
        await source.append(streamId, [sampleEvent(index + 1)])
      const { token } = await source.append('counter:0', [sampleEvent(13)])
      const behind = await source.append('counter:0', [sampleEvent(14)])
      const start = await RecordedConsumer.start(backend, { group: 'start' })
      const end = await RecordedConsumer.start(backend, { group: 'end', startFrom: 'end' })
      const partition = Number(token.split('.')[1])
      // Groups of the backend's own give out partitions as they please: the others begin at their start.
      const only = ownedByLeases(backend.capabilities) ? { partitions: [partition] } : {}
      const after = await RecordedConsumer.start(backend, { group: 'token', startFrom: token, ...only })
      const behindToken = (): readonly number[] =>
        after.handled.flatMap((event) => (event.partition === partition ? event.number : []))
      await end.subscription.caughtUpTo(behind.token)
      await source.append('counter:0', [sampleEvent(15)])
      await Promise.all([start.hasHandled(15), end.hasHandled(1)])
      await eventually('what follows the token is handled', () => behindToken().length >= 2)
      assertEachOnce(start.numbers, 15)
      assert.deepEqual(end.numbers, [15])
      assert.deepEqual(behindToken(), [14, 15])
      await end.stop()
      await source.append('counter:0', [sampleEvent(16)])
      const again = await RecordedConsumer.start(backend, { group: 'end', startFrom: 'start' })
      await again.hasHandled(1)
      assert.deepEqual(again.numbers, [16], 'a checkpoint stands above startFrom')
      await Promise.all([start.stop(), after.stop(), again.stop()])
    },
  },
  {
    id: 'consume/handler-maps',
    laws: ['C1', 'C3'],
    title: 'gives handlers the types and the category they name, and moves the checkpoint past all else',
    async run({ open }) {
      const { backend, source } = await open()
      await source.append('counter:1', [sampleEvent(1), { ...sampleEvent(2), type: 'Other' }])
      await source.append('meter:1', [sampleEvent(3)])
      const { token } = await source.append('counter:2', [{ ...sampleEvent(4), type: 'Other' }])
      const got: string[] = []
      const note = (name: string) => (event: { readonly data: unknown }) =>
        void got.push(`${name} ${numberOf(event)}`)
      const subscription = await backend.stream.subscribe({
        group: 'maps',
        concurrency: 1,
        handlers: [
          { types: ['Counted'], category: 'counter', handle: note('counter') },
          { types: 'all', category: 'meter', handle: note('meter') },
          { types: ['Other'], category: undefined, handle: note('other') },
          { types: ['Never'], category: undefined, handle: note('never') },
        ],
      })
      await subscription.caughtUpTo(token)
      await subscription.stop()
      assert.deepEqual(got.sort(), ['counter 1', 'meter 3', 'other 2', 'other 4'])
      const none = await backend.stream.subscribe({
        group: 'none',
        handlers: { types: ['Never'], category: undefined, handle: note('never') },
      })
      await none.caughtUpTo(token)
      await none.stop()
      const [lag] = await backend.stream.group('none').lag()
      assert.equal(lag?.events, 0, 'events that no handler wants hold the checkpoint back')
    },
  },
  {
    id: 'consume/removed-events',
    laws: ['C1', 'C3'],
    title: 'passes over removed events and comes to the end of the feed',
    needs: ({ removal }) => removal,
    async refuses({ open }) {
      const { backend, source } = await open()
      await source.append('counter:kept', sampleEvents(3))
      await assert.rejects(backend.store.delete('counter:kept'), { code: 'NOT_SUPPORTED' })
      const consumer = await RecordedConsumer.start(backend, { group: 'kept' })
      await consumer.hasHandled(3)
      await consumer.stop()
    },
    async run({ open }) {
      const { backend } = await open()
      const { store } = backend
      await store.append('counter:gone', sampleEvents(10))
      await store.append('counter:cut', sampleEvents(4, 11))
      await store.delete('counter:gone')
      await store.truncate('counter:cut', { before: 3 })
      const consumer = await RecordedConsumer.start(backend, { group: 'removed' })
      await consumer.subscription.caughtUpTo(await store.feedHead())
      await consumer.stop()
      assert.deepEqual(consumer.numbers, [13, 14])
      const [lag] = await backend.stream.group('removed').lag()
      assert.equal(lag?.events, 0)
    },
  },
  {
    id: 'consume/ten-thousand-streams',
    laws: ['C2', 'C10'],
    title:
      'serves ten thousand streams fairly: none waits longer than the events in hand, and a stuck one holds nobody',
    timeoutMs: 120_000,
    async run({ open }) {
      const test = await open()
      const { backend, source } = test
      const count = 10_000
      const { store, multiStreamAppend, maxAppendStreams } = backend.capabilities
      const chunk = Math.min(100, !store || multiStreamAppend === 'store' ? maxAppendStreams : 1)
      const appends: Promise<unknown>[] = []
      for (let first = 1; first <= count; first += chunk) {
        const numbers = Array.from(
          { length: Math.min(chunk, count - first + 1) },
          (_, index) => first + index,
        )
        const streams = numbers.map((number) => ({
          streamId: `many:${number}`,
          events: [sampleEvent(number)],
        }))
        appends.push(source.appendAll(streams))
      }
      await Promise.all(appends)
      const feed = await feedNumbers(test)
      const maxInFlightEvents = 200
      const gate = new Gate()
      const stuck = feed[0]
      const consumer = await RecordedConsumer.start(
        backend,
        { group: 'many', maxInFlightEvents, leaseMs: 10_000 },
        async (event) => {
          if (numberOf(event) === stuck) await gate.pass()
          else if (numberOf(event) % 7 === 0) await turn()
        },
      )
      await gate.reached()
      // The stuck event holds the window back, not those of its neighbours that are in it.
      await consumer.hasHandled(maxInFlightEvents - 1)
      gate.open()
      await consumer.hasHandled(count, 90_000)
      await consumer.stop()
      assertEachOnce(consumer.numbers, count)
      const place = new Map(feed.map((number, index) => [number, index]))
      for (const [index, number] of consumer.numbers.entries()) {
        const late = index - (place.get(number) ?? 0)
        if (number !== stuck)
          assert.ok(late <= maxInFlightEvents, `stream ${number} waited for ${late} others`)
      }
    },
  },
  {
    id: 'consume/plain-handlers',
    laws: ['C1', 'C2'],
    title: 'takes handlers that return nothing, and goes on in order when they return at once',
    async run({ open }) {
      const { backend, source } = await open()
      await source.append('counter:plain', sampleEvents(50))
      const numbers: number[] = []
      const subscription = await backend.stream.subscribe({
        group: 'plain',
        handlers: (event) => void numbers.push(numberOf(event)),
      })
      await subscription.caughtUpTo(await source.head())
      await subscription.stop()
      assert.deepEqual(
        numbers,
        Array.from({ length: 50 }, (_, index) => index + 1),
      )
    },
  },
]
