import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { type EventStore, type ImportEvent, partitionOf } from '@eventspine/core'
import { eachClient } from '../each-client.ts'
import type { Case, CaseContext } from '../kit.ts'
import { refusal, refusalAtOnce } from '../refusal.ts'
import { numberOf, sampleEvent, sampleEvents } from '../sample-events.ts'
import { leavesUntouched } from '../untouched.ts'

async function refusesImport({ open }: CaseContext): Promise<void> {
  const { store } = (await open()).backend
  await leavesUntouched(store, ['counter:1'], () =>
    refusalAtOnce(() => store.import([recorded('counter:1', 1)]), 'NOT_SUPPORTED'),
  )
}

const imports = {
  needs: (capabilities: { readonly import: boolean }) => capabilities.import,
  refuses: refusesImport,
}

function recorded(streamId: string, version: number): ImportEvent {
  return {
    ...sampleEvent(version),
    streamId,
    streamPosition: version,
    schemaVersion: 1,
    timestamp: new Date(Date.UTC(2001, 0, version)).toISOString(),
    metadata: {},
  }
}

/** What a copy must keep: all but the place in the feed. */
async function withoutPositions(store: EventStore): Promise<readonly unknown[]> {
  const feeds = await Promise.all(
    Array.from({ length: store.partitions }, (_, partition) => store.feed({ partition }).toArray()),
  )
  return feeds.flat().map((event) => ({ ...event.toJSON(), position: '' }))
}

export const importCases: readonly Case[] = [
  {
    id: 'import/copy',
    laws: ['A2', 'F2', 'R5'],
    title: 'copies a store: ids, versions, timestamps and bodies are kept, and the order of each partition',
    ...imports,
    async run({ open }) {
      for (const partitions of [1, 4]) {
        const source = (await open({ partitions })).backend.store
        const target = (await open({ partitions })).backend.store
        for (let number = 0; number < 20; number++)
          await source.append(`counter:${number % 6}`, sampleEvents(2))
        await source.append('counter:0', [
          { type: 'Stored', data: new Uint8Array([0, 255]), contentType: 'image/png', tags: ['a', 'b'] },
          {
            type: 'Kept',
            data: { a: 1 },
            metadata: { correlationId: 'c' },
            occurredAt: '2020-01-01T00:00:00+01:00',
          },
        ])
        for (let partition = 0; partition < partitions; partition++) {
          const { token } = await target.import(await source.feed({ partition }).toArray())
          assert.equal(
            token,
            (await source.feed({ partition }).toArray()).length === 0 ? '' : await target.feedHead(partition),
          )
        }
        assert.deepEqual(await withoutPositions(target), await withoutPositions(source))
        const { version } = await source.head('counter:0')
        assert.equal(
          (await target.append('counter:0', [sampleEvent(0)], { expectedVersion: version })).version,
          version + 1,
        )
      }
    },
  },
  {
    id: 'import/other-partitions',
    laws: ['F1', 'F2'],
    title: 'places imported events by its own partition count',
    ...imports,
    async run({ open }) {
      const { store } = (await open({ partitions: 4 })).backend
      const events = Array.from({ length: 24 }, (_, index) =>
        recorded(`counter:${index % 8}`, Math.floor(index / 8) + 1),
      )
      const { token } = await store.import(events)
      const heads = new Set<string>()
      for (let partition = 0; partition < 4; partition++) {
        const expected = events.filter(({ streamId }) => partitionOf(streamId, 4) === partition)
        const fed = await store.feed({ partition }).toArray()
        assert.deepEqual(
          fed.map(({ id }) => id),
          expected.map(({ id }) => id),
        )
        if (fed.length > 0) heads.add(await store.feedHead(partition))
      }
      assert.deepEqual(new Set(token.split(',')), heads)
    },
  },
  {
    id: 'import/repeat',
    laws: ['A6', 'F4'],
    title: 'passes over what is already there with the same id, and takes up a copy where it stopped',
    ...imports,
    async run({ open }) {
      const test = await open()
      const { store } = test.backend
      const events = [1, 2, 3, 4].map((version) => recorded('counter:1', version))
      const first = await store.import(events.slice(0, 2))
      await leavesUntouched(store, ['counter:1'], async () => {
        assert.deepEqual(await store.import(events.slice(0, 2)), first)
        assert.deepEqual(await store.import([]), { token: '' })
      })
      await store.import(events)
      const other = (await test.sibling()).store
      await Promise.all([store.import(events), other.import(events)])
      assert.deepEqual(
        (await store.feed().toArray()).map((event) => [event.streamPosition, numberOf(event)]),
        [1, 2, 3, 4].map((version) => [version, version]),
      )
    },
  },
  {
    id: 'import/all-or-none',
    laws: ['A1', 'A2', 'A6'],
    title: 'refuses a gap and another id at a taken version, and writes nothing of that call',
    ...imports,
    async run({ open }) {
      const { store } = (await open()).backend
      await store.import([1, 2].map((version) => recorded('counter:1', version)))
      const good = [1, 2].map((version) => recorded('counter:2', version))
      await leavesUntouched(store, ['counter:1', 'counter:2'], async () => {
        for (const bad of [recorded('counter:1', 4), recorded('counter:2', 4)]) {
          await refusal(() => store.import([...good, bad]), 'VERSION_CONFLICT')
        }
        for (const bad of [recorded('counter:1', 1), recorded('counter:1', 2), recorded('counter:2', 2)]) {
          await refusal(() => store.import([...good, { ...bad, id: randomUUID() }]), 'ID_REUSED')
        }
      })
      await store.import(good)
      assert.equal((await store.head('counter:2')).version, 2)
    },
  },
  {
    id: 'import/without-beginning',
    laws: ['A2', 'R2'],
    title: 'takes a stream whose beginning was truncated at its source: it starts where the first event says',
    ...imports,
    async run({ open }) {
      const test = await open()
      await test.backend.store.import([5, 6].map((version) => recorded('counter:1', version)))
      for await (const { store } of eachClient(test)) {
        const { version, firstVersion } = await store.head('counter:1')
        assert.deepEqual([version, firstVersion], [6, 5])
        for (const options of [{}, { from: 1 }, { from: 5, limit: 2 }, { to: 6 }]) {
          const events = await store.read('counter:1', options).toArray()
          assert.deepEqual(
            events.map((event) => event.streamPosition),
            [5, 6],
          )
        }
        assert.deepEqual(await store.read('counter:1', { to: 4 }).toArray(), [])
        assert.deepEqual(
          (await store.read('counter:1', { direction: 'backward', limit: 1 }).toArray()).map(numberOf),
          [6],
        )
      }
    },
  },
  {
    id: 'import/bad-arguments',
    laws: [],
    title: 'refuses recorded events that are none, before any I/O, naming the field',
    ...imports,
    async run({ open }) {
      const { store } = (await open()).backend
      const good = recorded('counter:1', 1)
      const wrong: readonly (readonly [field: string, event: object | null])[] = [
        ['events[1]', null],
        ['events[1].streamId', { ...good, streamId: '' }],
        ['events[1].streamId', { ...good, streamId: '$all' }],
        ['events[1].streamPosition', { ...good, streamPosition: 0 }],
        ['events[1].streamPosition', { ...good, streamPosition: 1.5 }],
        ['events[1].timestamp', { ...good, timestamp: 'yesterday' }],
        ['events[1].timestamp', { ...good, timestamp: undefined }],
        ['events[1].id', { ...good, id: undefined }],
        ['events[1].id', { ...good, id: 'x' }],
        ['events[1].type', { ...good, type: '' }],
        ['events[1].schemaVersion', { ...good, schemaVersion: 0 }],
        ['events[1].data.a', { ...good, data: { a: undefined } }],
        ['events[1].metadata', { ...good, metadata: 7 }],
      ]
      await leavesUntouched(store, ['counter:1'], async () => {
        await refusalAtOnce(() => store.import('events' as never), 'INVALID_ARGUMENT', 'events')
        for (const [field, event] of wrong) {
          // What a program without types could pass.
          await refusalAtOnce(() => store.import([good, event as ImportEvent]), 'INVALID_ARGUMENT', field)
        }
      })
    },
  },
]
