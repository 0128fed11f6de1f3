import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { EventStore } from '@eventspine/core'
import { alongside } from '../alongside.ts'
import type { Case } from '../kit.ts'
import { refusal, versionConflict } from '../refusal.ts'
import { numberOf, sampleEvent, sampleEvents } from '../sample-events.ts'
import { leavesUntouched } from '../untouched.ts'
import { turn } from '../turn.ts'

const EVENTS_OF_A_COMMIT = 10

export const appendCases: readonly Case[] = [
  {
    id: 'append/versions',
    laws: ['A2', 'R1'],
    title: 'gives contiguous versions from 1, one by one and many at once, and reads them back in order',
    async run({ open }) {
      const { store } = (await open()).backend
      const streamId = 'counter:versions'
      assert.equal((await store.append(streamId, [sampleEvent(1)])).version, 1)
      assert.equal((await store.append(streamId, [sampleEvent(2)])).version, 2)
      assert.equal((await store.append(streamId, sampleEvents(5, 3))).version, 7)
      assert.equal((await store.append(streamId, [sampleEvent(8)])).version, 8)
      const events = await store.read(streamId).toArray()
      assert.deepEqual(
        events.map((event) => [event.streamPosition, numberOf(event)]),
        [1, 2, 3, 4, 5, 6, 7, 8].map((number) => [number, number]),
      )
      assert.ok(
        events.every((event) => event.streamId === streamId),
        'an event names another stream',
      )
      assert.equal((await store.head(streamId)).version, 8)
    },
  },
  {
    id: 'append/result',
    laws: ['A2', 'F6'],
    title: 'returns the version and the position of its last event, and a token that names that position',
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append('counter:other', sampleEvents(3))
      const result = await store.append('counter:result', sampleEvents(4))
      const [last] = await store.read('counter:result', { direction: 'backward', limit: 1 }).toArray()
      assert.equal(result.streamId, 'counter:result')
      assert.equal(result.repeated, false)
      assert.equal(result.version, 4)
      assert.equal(result.position, last?.position)
      assert.equal(result.token, last?.position)
      assert.equal((await store.head('counter:result')).position, last?.position)
    },
  },
  {
    id: 'append/whole-or-nothing',
    laws: ['A1'],
    title: 'never shows a part of a commit to a reader that looks on while commits are made',
    async run({ open }) {
      const test = await open()
      const reader = (await test.sibling()).store
      const streamId = 'counter:whole'
      const watch = async (store: EventStore, ended: () => boolean): Promise<void> => {
        let seen = 0
        while (!ended()) {
          const read = await store.read(streamId).toArray()
          const fed = await store.feed().toArray()
          for (const events of [read, fed]) {
            assert.equal(events.length % EVENTS_OF_A_COMMIT, 0, `a reader saw ${events.length} events`)
          }
          assert.ok(read.length >= seen, 'a reader saw less than before')
          seen = read.length
          await turn()
        }
      }
      await alongside(
        (ended) => Promise.all([watch(reader, ended), watch(test.backend.store, ended)]),
        async () => {
          for (let commit = 0; commit < 25; commit++) {
            const events = sampleEvents(EVENTS_OF_A_COMMIT, commit * EVENTS_OF_A_COMMIT)
            await test.backend.store.append(streamId, events)
            await turn()
          }
        },
      )
      assert.equal((await reader.head(streamId)).version, 25 * EVENTS_OF_A_COMMIT)
    },
  },
  {
    id: 'append/one-bad-event',
    laws: ['A1'],
    title: 'writes nothing of a commit that has one bad event, wherever it stands',
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append('counter:bad', sampleEvents(2))
      await leavesUntouched(store, ['counter:bad', 'counter:new'], async () => {
        for (const bad of [0, 1, 2]) {
          const events = sampleEvents(3)
          const spoilt = events.map((event, index) =>
            index === bad ? { ...event, data: { at: undefined } } : event,
          )
          for (const streamId of ['counter:bad', 'counter:new']) {
            await refusal(() => store.append(streamId, spoilt), 'INVALID_ARGUMENT', {
              field: `events[${bad}].data.at`,
            })
          }
        }
      })
      assert.equal((await store.append('counter:bad', [sampleEvent(3)], { expectedVersion: 2 })).version, 3)
    },
  },
  {
    id: 'append/durable',
    laws: ['A5', 'F5'],
    title: 'keeps every acknowledged event, its version and its position when the store is opened again',
    async run({ open }) {
      const test = await open({ partitions: 4 })
      const { store, capabilities } = test.backend
      const streamIds = Array.from({ length: 6 }, (_, index) => `counter:durable-${index}`)
      for (const streamId of streamIds) await store.append(streamId, sampleEvents(3))
      await Promise.all(
        streamIds.map((streamId) => store.append(streamId, sampleEvents(2, 4), { expectedVersion: 3 })),
      )
      const before = await Promise.all(streamIds.map(async (streamId) => plain(store, streamId)))
      const { incarnation } = store
      const reopened = await test.reopen()
      assert.deepEqual(reopened.capabilities, capabilities)
      assert.equal(reopened.store.incarnation, incarnation, 'the same store has the same incarnation')
      assert.equal(reopened.store.partitions, 4)
      assert.deepEqual(
        await Promise.all(streamIds.map(async (streamId) => plain(reopened.store, streamId))),
        before,
      )
      for (const streamId of streamIds) {
        await versionConflict(
          () => reopened.store.append(streamId, [sampleEvent(0)], { expectedVersion: 4 }),
          {
            streamId,
            expectedVersion: 4,
            actualVersion: 5,
          },
        )
        assert.equal(
          (await reopened.store.append(streamId, [sampleEvent(6)], { expectedVersion: 5 })).version,
          6,
        )
      }
    },
  },
  {
    id: 'append/read-your-write',
    laws: ['R1'],
    title: 'shows an acknowledged event at once to every client, in the stream, its head and the feed',
    async run({ open }) {
      const test = await open()
      const clients = [test.backend.store, (await test.sibling()).store]
      for (let number = 1; number <= 20; number++) {
        const writer = clients[number % 2] ?? test.backend.store
        const { position } = await writer.append('counter:seen', [sampleEvent(number)])
        for (const client of clients) {
          assert.equal((await client.head('counter:seen')).version, number)
          const [newest] = await client.read('counter:seen', { direction: 'backward', limit: 1 }).toArray()
          assert.equal(newest?.streamPosition, number)
          assert.equal(await client.feedHead(), position)
          assert.equal((await client.feed().toArray()).at(-1)?.position, position)
        }
      }
    },
  },
  {
    id: 'append/empty',
    laws: ['A8'],
    title:
      'checks the expectation of an append without events, returns where the stream is and writes nothing',
    async run({ open }) {
      const { store } = (await open()).backend
      const { position } = await store.append('counter:here', sampleEvents(2))
      const both = ['counter:here', 'counter:gone']
      await leavesUntouched(store, both, async () => {
        for (const expectedVersion of ['any', 'exists', 2] as const) {
          const result = await store.append('counter:here', [], { expectedVersion })
          assert.equal(result.version, 2)
          assert.equal(result.position, position)
        }
        for (const expectedVersion of ['any', 'none', 0] as const) {
          const result = await store.append('counter:gone', [], { expectedVersion })
          assert.equal(result.version, 0)
          assert.equal(result.position, undefined)
        }
        for (const expectedVersion of ['none', 0, 1, 3] as const) {
          const expected = { streamId: 'counter:here', expectedVersion, actualVersion: 2 }
          await versionConflict(() => store.append('counter:here', [], { expectedVersion }), expected)
        }
        for (const expectedVersion of ['exists', 1] as const) {
          const expected = { streamId: 'counter:gone', expectedVersion, actualVersion: 0 }
          await versionConflict(() => store.append('counter:gone', [], { expectedVersion }), expected)
        }
      })
    },
  },
  {
    id: 'append/large-commit',
    laws: ['A1', 'A2', 'F2'],
    title: 'takes many events in one commit, contiguous in the stream and side by side in the feed',
    async run({ open, capabilities }) {
      const { store } = (await open()).backend
      const count = Math.min(1500, capabilities.maxAppendEvents)
      const [large] = await Promise.all([
        store.append('counter:large', sampleEvents(count)),
        ...Array.from({ length: 10 }, (_, index) => store.append(`counter:small-${index}`, [sampleEvent(0)])),
      ])
      assert.equal(large.version, count)
      const read = await store.read('counter:large').toArray()
      assert.deepEqual(
        read.map((event) => [event.streamPosition, numberOf(event)]),
        Array.from({ length: count }, (_, index) => [index + 1, index + 1]),
      )
      const fed = await store.feed({ pageSize: 400 }).toArray()
      assert.equal(fed.length, count + 10)
      const first = fed.findIndex((event) => event.streamId === 'counter:large')
      const block = fed.slice(first, first + count)
      assert.deepEqual(
        block.map((event) => event.id),
        read.map((event) => event.id),
      )
    },
  },
  {
    id: 'append/hostile-names',
    laws: ['R1', 'F4'],
    title:
      'keeps apart streams whose names differ by case, a trailing space, a wildcard, normal form or a quote',
    async run({ open }) {
      const { store } = (await open()).backend
      const streamIds = [
        'account:a',
        'Account:a',
        'account:a ',
        'account:%',
        'account:_',
        'account:*',
        'account',
        ':',
        "account:'); DROP TABLE events; --",
        'account:"\\',
        'account:{a},b',
        'account:\u00e9',
        'account:e\u0301',
        'account:\u{1f984}',
        'INV/2021/11/01',
        'é'.repeat(127),
      ]
      for (const [index, streamId] of streamIds.entries()) {
        assert.equal(
          (await store.append(streamId, [sampleEvent(index)], { expectedVersion: 'none' })).version,
          1,
        )
      }
      for (const [index, streamId] of streamIds.entries()) {
        const events = await store.read(streamId).toArray()
        assert.deepEqual(
          events.map((event) => [event.streamId, numberOf(event)]),
          [[streamId, index]],
        )
      }
      assert.deepEqual(
        (await store.feed().toArray()).map((event) => event.streamId),
        streamIds,
      )
    },
  },
  {
    id: 'append/same-id-elsewhere',
    laws: ['F4'],
    title: 'takes an id that another stream holds: ids are compared only where a repeat would stand',
    async run({ open }) {
      const { store } = (await open()).backend
      const id = randomUUID()
      await store.append('counter:first', [{ ...sampleEvent(1), id }], { expectedVersion: 'none' })
      const second = await store.append('counter:second', [{ ...sampleEvent(2), id }], {
        expectedVersion: 'none',
      })
      assert.equal(second.repeated, false)
      assert.equal((await store.feed().toArray()).length, 2)
    },
  },
]

async function plain(store: EventStore, streamId: string): Promise<unknown> {
  return (await store.read(streamId).toArray()).map((event) => event.toJSON())
}
