import assert from 'node:assert/strict'
import { comparePositions, EventStoreError, type EventStore, type Position } from '@eventspine/core'
import { alongside } from '../alongside.ts'
import { eachClient } from '../each-client.ts'
import type { Case } from '../kit.ts'
import { refusal } from '../refusal.ts'
import { numberOf, PAYLOAD, sampleEvent, sampleEvents } from '../sample-events.ts'
import { turn } from '../turn.ts'
import { removes } from './removal.ts'

const STREAM = 'counter:removed'

async function positionsOf(store: EventStore): Promise<readonly Position[]> {
  return (await store.feed().toArray()).map(({ position }) => position)
}

export const removalFeedCases: readonly Case[] = [
  {
    id: 'removal-feed/positions-stay',
    laws: ['D1', 'D3', 'F5', 'F8'],
    title: 'keeps every position valid to resume from, of removed events too, and moves none',
    ...removes,
    async run({ open }) {
      const test = await open()
      const { store } = test.backend
      for (let number = 0; number < 6; number++) {
        await store.append(number % 2 === 0 ? STREAM : 'counter:kept', [sampleEvent(number)])
      }
      const before = await store.feed().toArray()
      await store.truncate(STREAM, { before: 2 })
      await store.delete(STREAM)
      const kept = before.filter((event) => event.streamId === 'counter:kept')
      for await (const { store: client } of eachClient(test)) {
        assert.deepEqual(
          await positionsOf(client),
          kept.map(({ position }) => position),
        )
        assert.equal(await client.feedHead(), before.at(-1)?.position, 'the head stays where it was')
        for (const [index, { position }] of before.entries()) {
          const rest = await client.feed({ after: position, pageSize: 1 }).toArray()
          assert.deepEqual(
            rest.map(numberOf),
            [0, 1, 2, 3, 4, 5].slice(index + 1).filter((number) => number % 2 === 1),
          )
        }
      }
    },
  },
  {
    id: 'removal-feed/never-reused',
    laws: ['D1'],
    title: 'gives no position or version a second time after the last event of the feed was removed',
    ...removes,
    async run({ open }) {
      const test = await open()
      const { store } = test.backend
      await store.append('counter:kept', [sampleEvent(0)])
      const removed = await store.append(STREAM, sampleEvents(3))
      await store.delete(STREAM)
      const reopened = (await test.reopen()).store
      const next = await reopened.append('counter:kept', [sampleEvent(1)])
      assert.ok(
        comparePositions(next.position ?? '', removed.position ?? '') > 0,
        'a position was given twice',
      )
      const again = await reopened.append(STREAM, [sampleEvent(2)], { expectedVersion: 3 })
      assert.equal(again.version, 4)
      assert.ok(comparePositions(again.position ?? '', next.position ?? '') > 0, 'a position was used again')
    },
  },
  {
    id: 'removal-feed/all-removed',
    laws: ['D3', 'F4', 'F5'],
    title: 'passes over more removed events than a page holds, and over a feed of nothing else',
    ...removes,
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append(STREAM, sampleEvents(40))
      await store.delete(STREAM)
      assert.deepEqual(await store.feed({ pageSize: 3 }).toArray(), [])
      await store.append('counter:kept', sampleEvents(2))
      for (const pageSize of [1, 3, 1000]) {
        let next: Position | undefined
        const seen: number[] = []
        for await (const slice of store.feed({ pageSize }).slices()) {
          if (next !== undefined) assert.ok(comparePositions(slice.next, next) >= 0, 'a reader was sent back')
          next = slice.next
          seen.push(...slice.events.map(numberOf))
        }
        assert.deepEqual(seen, [1, 2])
        assert.equal(next, await store.feedHead(), 'what was passed over is not looked at again')
        assert.deepEqual(
          await store
            .feed({ limit: 1, pageSize })
            .toArray()
            .then((events) => events.map(numberOf)),
          [1],
        )
      }
    },
  },
  {
    id: 'removal-feed/never-back',
    laws: ['D3', 'A6'],
    title: 'brings nothing back: not by a repeat of the append, not by one that was late, not by reading',
    ...removes,
    async run({ open }) {
      const { store } = (await open()).backend
      const creation = sampleEvents(2)
      const more = sampleEvents(2, 3)
      await store.append(STREAM, creation, { expectedVersion: 0 })
      await store.append(STREAM, more, { expectedVersion: 2 })
      await store.truncate(STREAM, { before: 3 })
      await refusal(() => store.append(STREAM, creation, { expectedVersion: 0 }), 'VERSION_CONFLICT')
      assert.equal((await store.append(STREAM, more, { expectedVersion: 2 })).repeated, true)
      assert.deepEqual((await store.read(STREAM).toArray()).map(numberOf), [3, 4])
      await store.delete(STREAM)
      for (const [events, expectedVersion] of [
        [creation, 0],
        [more, 2],
        [more, 'any'],
      ] as const) {
        await refusal(() => store.append(STREAM, events, { expectedVersion }), 'STREAM_DELETED')
      }
      for (const read of [
        store.read(STREAM),
        store.read(STREAM, { from: 1, to: 4, direction: 'backward' }),
        store.feed(),
      ]) {
        assert.deepEqual(await read.toArray(), [])
        assert.ok(!JSON.stringify(await read.toArray()).includes(PAYLOAD), 'removed data came back')
      }
      assert.equal((await store.head(STREAM)).deleted, true)
    },
  },
  {
    id: 'removal-feed/racing-writers',
    laws: ['D3', 'D1', 'A2', 'F2'],
    title: 'decides between a delete and writers that race it: what it deleted never reads again',
    ...removes,
    async run({ open }) {
      const test = await open()
      const { store } = test.backend
      const other = (await test.sibling()).store
      for (let round = 0; round < 6; round++) {
        const streamId = `counter:raced-${round}`
        await store.append(streamId, sampleEvents(2))
        const racing = await Promise.allSettled([
          ...Array.from({ length: 5 }, (_, number) => other.append(streamId, [sampleEvent(number)])),
          store.delete(streamId),
          ...Array.from({ length: 5 }, (_, number) => other.append(streamId, [sampleEvent(number)])),
        ])
        const versions: number[] = []
        for (const [index, result] of racing.entries()) {
          if (result.status === 'fulfilled') {
            if (index !== 5) versions.push(result.value.version)
          } else {
            assert.ok(EventStoreError.is(result.reason, 'STREAM_DELETED'), String(result.reason))
          }
        }
        assert.ok(racing[5]?.status === 'fulfilled', 'the removal failed')
        const { version, deleted } = await store.head(streamId)
        assert.equal(deleted, true, 'an append that expects nothing never reopens')
        assert.deepEqual(
          versions.sort((a, b) => a - b),
          Array.from({ length: version - 2 }, (_, index) => index + 3),
          'every append before the delete was given its version',
        )
        for (const client of [store, other]) assert.deepEqual(await client.read(streamId).toArray(), [])
      }
      assert.deepEqual(await store.feed().toArray(), [])
    },
  },
  {
    id: 'removal-feed/while-reading',
    laws: ['F3', 'D3', 'R4'],
    title: 'only ever hides events from readers that are under way: the others keep order and place',
    ...removes,
    async run({ open }) {
      const test = await open()
      const { store } = test.backend
      const other = (await test.sibling()).store
      for (let number = 0; number < 60; number += 2) {
        await store.append(STREAM, [sampleEvent(number)])
        await store.append('counter:kept', [sampleEvent(number + 1)])
      }
      const remove = async (): Promise<void> => {
        for (let before = 2; before <= 30; before += 2) {
          await other.truncate(STREAM, { before })
          await turn()
        }
        await other.delete(STREAM)
      }
      const read = async (): Promise<void> => {
        for (let time = 0; time < 6; time++) {
          const seen: number[] = []
          for await (const event of store.feed({ pageSize: 4 })) seen.push(numberOf(event))
          assert.deepEqual(
            seen,
            seen.toSorted((a, b) => a - b),
          )
          assert.deepEqual(
            seen.filter((number) => number % 2 === 1),
            Array.from({ length: 30 }, (_, index) => 2 * index + 1),
          )
          let version = 0
          for await (const event of store.read(STREAM, { pageSize: 3 })) {
            assert.ok(event.streamPosition > version, 'versions do not rise')
            version = event.streamPosition
            assert.equal(numberOf(event), 2 * (version - 1))
          }
        }
      }
      await alongside(remove, read)
      assert.equal((await store.feed().toArray()).length, 30)
    },
  },
]
