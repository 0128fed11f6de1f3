import assert from 'node:assert/strict'
import { partitionOf, type Backend, type NewEvent, type RecordedEvent } from '@eventspine/core'
import { eventually } from '../eventually.ts'
import type { Case } from '../kit.ts'
import { canAskOwners, refusesToAsk } from '../asking-owners.ts'
import { RecordedConsumer } from '../recorded-consumer.ts'
import { RelaySource } from '../relay-source.ts'
import { assertRelayed, readTarget, relayToEnd } from '../relay-target.ts'
import { numberOf, sampleEvent, sampleEvents, streamsOfPartition } from '../sample-events.ts'

const odd: readonly NewEvent[] = [
  { type: 'Text', data: '€ \u0000 "quoted" \\ 🂡 \u2028', metadata: { own: { deep: [1, 'ü', null] } } },
  { type: 'Täglich geändert', data: null, tags: ['a', 'ä,b'], schemaVersion: 7 },
  { type: 'Bytes', data: new Uint8Array([0, 255, 10, 13]), contentType: 'image/png' },
  { type: 'When', data: { a: [] }, occurredAt: '1969-07-20T20:17:40.000Z', metadata: { correlationId: 'c' } },
]

/** What a relay must not change. */
function envelope(event: RecordedEvent): unknown {
  const { id, type, streamId, schemaVersion, timestamp, occurredAt, tags, contentType, metadata } = event
  const data = event.data instanceof Uint8Array ? [...event.data] : event.data
  return { id, type, streamId, schemaVersion, timestamp, occurredAt, tags, contentType, metadata, data }
}

/** Relays a whole source by new sessions and closes them. */
async function relayAll(backend: Backend, source: RelaySource, relay?: string): Promise<void> {
  for (let partition = 0; partition < source.partitions; partition++) {
    const session = await backend.stream.openRelay(source.request(partition, relay))
    await relayToEnd(session, source, partition)
    await session.close()
  }
}

export const relayCases: readonly Case[] = [
  {
    id: 'relay/as-they-were',
    laws: ['S1', 'R5', 'F1'],
    title:
      'keeps of relayed events id, bodies, envelope, time, version and place of origin, and puts them where their stream belongs',
    async run({ open, capabilities }) {
      const test = await open({ partitions: 4 })
      const source = new RelaySource(capabilities, 2)
      for (const [index, event] of odd.entries()) {
        await source.append('odd:1', [event])
        await source.append(`odd:${index + 2}`, [event, event])
      }
      await relayAll(test.backend, source)
      const target = await readTarget(await test.reopen())
      await assertRelayed(target, [source])
      const relayed = new Map(target.flat().map((event) => [event.id, event]))
      for (const partition of [0, 1]) {
        for (const event of await source.events(partition)) {
          const found = relayed.get(event.id)
          assert.ok(found !== undefined, `${event.type} is gone`)
          assert.deepEqual(envelope(found), envelope(event))
          assert.equal(found.streamPosition, event.streamPosition)
          assert.deepEqual(found.origin, { position: event.position, streamPosition: event.streamPosition })
          const there = target.findIndex((events) => events.includes(found))
          assert.equal(there, partitionOf(event.streamId, 4), `${event.streamId} is in partition ${there}`)
        }
      }
    },
  },
  {
    id: 'relay/changed',
    laws: ['S1', 'F1'],
    title:
      'takes other names, types, bodies and metadata that a relay maps events to; ids and places of origin stay',
    async run({ open, capabilities }) {
      const { backend } = await open({ partitions: 4 })
      const source = new RelaySource(capabilities)
      for (let number = 1; number <= 6; number++)
        await source.append(`inner:${number % 2}`, [{ ...sampleEvent(number), metadata: { own: number } }])
      const { events, next } = await source.page(0, undefined, 10)
      const session = await backend.stream.openRelay(source.request(0))
      const changes = [
        { streamId: 'outer:1' },
        { type: 'Told' },
        { data: { told: 'ü' } },
        { metadata: { own: 'other' } },
        { streamId: 'outer:1', type: 'Told', data: null, metadata: {} },
        undefined,
      ]
      await session.write(
        events.map((event, index) => ({ event, change: changes[index] })),
        next,
      )
      await session.close()
      const target = await readTarget(backend)
      const relayed = target.flat()
      assert.equal(relayed.length, 6)
      for (const [index, event] of events.entries()) {
        const found = relayed.find(({ id }) => id === event.id)
        assert.ok(found !== undefined, `event ${index} is gone`)
        const { streamId, type, data, metadata } = { ...pick(event), ...changes[index] }
        assert.deepEqual(pick(found), { streamId, type, data, metadata })
        assert.equal(found.timestamp, event.timestamp)
        assert.equal(found.origin?.position, event.position)
        // In a stream of several the versions of one would rise and fall.
        const version = streamId === event.streamId ? event.streamPosition : undefined
        assert.equal(found.origin.streamPosition, version)
        const there = target.findIndex((inPartition) => inPartition.includes(found))
        assert.equal(there, partitionOf(streamId, 4))
      }
    },
  },
  {
    id: 'relay/position',
    laws: ['S3', 'F6'],
    title:
      'has no position at first, then that of the last write, from any client, after reopening, empty writes included',
    async run({ open, capabilities }) {
      const test = await open()
      const source = new RelaySource(capabilities, 2)
      const streams = [0, 1].map((partition) => streamsOfPartition(partition, 2, 1)[0] ?? '')
      for (const streamId of streams) await source.append(streamId, sampleEvents(9))
      const first = await test.backend.stream.openRelay(source.request(0))
      assert.equal(first.position, undefined)
      const { events, next } = await source.page(0, undefined, 3)
      await first.write(
        events.map((event) => ({ event })),
        next,
      )
      assert.equal(first.position, next)
      // A page of which nothing is wanted: the place moves all the same.
      const { next: further } = await source.page(0, next, 3)
      await first.write([], further)
      assert.equal(first.position, further)
      await first.close()
      const second = await (await test.sibling()).stream.openRelay(source.request(0))
      assert.equal(second.position, further)
      await second.close()
      const reopened = await test.reopen()
      const third = await reopened.stream.openRelay(source.request(0))
      assert.equal(third.position, further)
      await relayToEnd(third, source, 0)
      // Another partition, relay or source knows nothing of it.
      const others = [
        source.request(1),
        source.request(0, 'other'),
        new RelaySource(capabilities, 2).request(0),
      ]
      for (const request of others) {
        const session = await reopened.stream.openRelay(request)
        assert.equal(session.position, undefined, JSON.stringify(request))
        await session.close()
      }
      await third.close()
      const target = (await readTarget(reopened)).flat()
      assert.deepEqual(target.map(numberOf), [1, 2, 3, 7, 8, 9])
    },
  },
  {
    id: 'relay/side-by-side',
    laws: ['S2', 'F4'],
    title: 'takes several relays, sources and publishers at once: each in its order, none in another’s way',
    timeoutMs: 120_000,
    async run({ open, capabilities }) {
      const test = await open({ partitions: 2 })
      const clients = [test.backend, await test.sibling()]
      const sources = [
        new RelaySource(capabilities, 2),
        new RelaySource(capabilities),
        new RelaySource(capabilities),
      ]
      for (const [index, source] of sources.entries()) {
        for (let number = 1; number <= 60; number++)
          await source.append(`of-${index}:${number % 7}`, [sampleEvent(number)])
      }
      const publishing = Array.from({ length: 20 }, (_, index) =>
        test.backend.stream.publish({ ...sampleEvent(index), streamId: 'own' }),
      )
      await Promise.all([
        ...sources.map((source, index) => relayAll(clients[index % 2] ?? test.backend, source)),
        ...publishing,
      ])
      const target = await readTarget(test.backend)
      const own = target.flat().filter(({ streamId }) => streamId === 'own')
      assert.deepEqual(
        own.map(numberOf),
        Array.from({ length: 20 }, (_, index) => index),
      )
      await assertRelayed(
        target.map((events) => events.filter(({ streamId }) => streamId !== 'own')),
        sources,
      )
    },
  },
  {
    id: 'relay/big-batches',
    laws: ['S1', 'S2'],
    title: 'writes as one what is larger than one request of the backend: many events, and large ones',
    timeoutMs: 120_000,
    async run({ open, capabilities }) {
      const { backend } = await open({ partitions: 2 })
      const source = new RelaySource(capabilities)
      for (let first = 1; first <= 3000; first += 100)
        await source.append(`many:${first % 11}`, sampleEvents(100, first))
      // Each is near the limit of one, and together they are well over it.
      const bytes = Math.min(capabilities.maxAppendBytes, 1_000_000) - 4
      for (let index = 0; index < 4; index++)
        await source.append(`large:${index}`, [{ type: 'Sized', data: `${index}`.repeat(bytes) }])
      const session = await backend.stream.openRelay(source.request(0))
      const { events, next } = await source.page(0, undefined, 10_000)
      await session.write(
        events.map((event) => ({ event })),
        next,
      )
      assert.equal(session.position, next)
      await session.close()
      const target = await readTarget(backend)
      await assertRelayed(target, [source])
      const large = target.flat().filter(({ type }) => type === 'Sized')
      assert.deepEqual(
        large.map(({ data }) => String(data).length),
        [bytes, bytes, bytes, bytes],
      )
    },
  },
  {
    id: 'relay/consumed',
    laws: ['C1', 'C2', 'C6'],
    title: 'delivers relayed events to groups like published ones, and parks and replays their streams',
    needs: canAskOwners,
    refuses: refusesToAsk,
    async run({ open, capabilities }) {
      const { backend } = await open()
      const source = new RelaySource(capabilities)
      // Other streams go before, so that versions and places in the log are far apart.
      for (let number = 1; number <= 20; number++) await source.append('good:1', [sampleEvent(number)])
      for (let number = 21; number <= 40; number++)
        await source.append(number % 2 === 0 ? 'good:1' : 'bad:1', [sampleEvent(number)])
      await relayAll(backend, source)
      let broken = true
      const consumer = await RecordedConsumer.start(backend, { group: 'relayed', leaseMs: 300 }, (event) => {
        if (broken && numberOf(event) === 25) throw new Error('cannot handle this')
      })
      const group = backend.stream.group('relayed')
      await eventually('the stream is parked', async () => (await group.parked()).length === 1)
      const [parked] = await group.parked()
      assert.equal(parked?.streamId, 'bad:1')
      const waiting = await group.waiting(parked).toArray()
      assert.deepEqual(waiting.map(numberOf), [25, 27, 29, 31, 33, 35, 37, 39])
      await consumer.hasHandled(32)
      broken = false
      await group.replay('bad:1')
      await consumer.hasHandled(40)
      await eventually('nothing is parked any more', async () => (await group.parked()).length === 0)
      await consumer.stop()
      assert.deepEqual(consumer.byStream().get('bad:1'), [21, 23, 25, 27, 29, 31, 33, 35, 37, 39])
      const versions = consumer.handled.filter(({ streamId }) => streamId === 'bad:1')
      assert.deepEqual(
        versions.map(({ version }) => version),
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
      )
    },
  },
]

function pick({ streamId, type, data, metadata }: RecordedEvent) {
  return { streamId: String(streamId), type, data, metadata }
}
