import assert from 'node:assert/strict'
import { comparePositions, type Position } from '@eventspine/core'
import { eachClient } from '../each-client.ts'
import type { Case } from '../kit.ts'
import { refusal, refusalAtOnce } from '../refusal.ts'
import { numberOf, sampleEvent, sampleEvents, streamsOfPartition } from '../sample-events.ts'

/** A position's parts, as the wire format specifies them. */
function partsOf(position: Position) {
  const [incarnation = '', partition = '', sequence = '', check = ''] = position.split('.')
  return { incarnation, partition: Number(partition), sequence: Number(sequence), check }
}

function positionFrom(parts: ReturnType<typeof partsOf>): Position {
  return `${parts.incarnation}.${parts.partition}.${parts.sequence}.${parts.check}`
}

/** Another check than the given one. */
function otherCheck(check: string): string {
  return check.replace(/.$/, (digit) => (digit === '0' ? '1' : '0'))
}

export const positionCases: readonly Case[] = [
  {
    id: 'positions/compare',
    laws: ['F6'],
    title:
      'compares positions of a partition as the feed lists them, and refuses to compare across partitions or stores',
    async run({ open }) {
      const { store } = (await open({ partitions: 2 })).backend
      const other = (await open({ partitions: 2 })).backend.store
      const [left = ''] = streamsOfPartition(0, 2, 1)
      const [right = ''] = streamsOfPartition(1, 2, 1)
      await store.append(left, sampleEvents(12))
      const positions = [
        (await other.feedHead(0)).replace(other.incarnation, store.incarnation),
        ...(await store.feed({ partition: 0 }).toArray()).map(({ position }) => position),
      ]
      for (const [a, one] of positions.entries()) {
        for (const [b, two] of positions.entries())
          assert.equal(Math.sign(comparePositions(one, two)), Math.sign(a - b))
      }
      const { position: elsewhere = '' } = await store.append(right, [sampleEvent(1)])
      const { position: foreign = '' } = await other.append(left, [sampleEvent(1)])
      for (const unlike of [elsewhere, foreign]) {
        await refusalAtOnce(() => comparePositions(positions[1] ?? '', unlike), 'INVALID_ARGUMENT', 'b')
      }
      await refusalAtOnce(() => comparePositions('x', elsewhere), 'INVALID_ARGUMENT', 'a')
    },
  },
  {
    id: 'positions/token',
    laws: ['F6', 'A10'],
    title: 'returns a token whose positions are those behind which the commit’s events stand in the feed',
    async run({ open, capabilities }) {
      const partitions = capabilities.multiStreamAppend === 'store' ? 4 : 1
      const { store } = (await open({ partitions })).backend
      const most = capabilities.multiStreamAppend === 'none' ? 1 : 3
      for (let round = 0; round < 5; round++) {
        const streams = Array.from({ length: most }, (_, index) => ({
          streamId: `counter:${round}-${index}`,
          events: sampleEvents(2, 10 * round),
        }))
        const { token } = await store.commit({ streams })
        const positions = token.split(',')
        const covered = new Set(positions.map((position) => partsOf(position).partition))
        assert.equal(covered.size, positions.length, 'one position a partition')
        const seen: string[] = []
        for (const position of positions) {
          const { partition } = partsOf(position)
          const events = await store.feed({ partition }).toArray()
          const upTo = events.filter((event) => comparePositions(event.position, position) <= 0)
          seen.push(...upTo.map((event) => event.streamId))
          assert.deepEqual(await store.feed({ after: position }).toArray(), [])
        }
        for (const { streamId } of streams)
          assert.equal(seen.filter((id) => id === streamId).length, 2, streamId)
      }
    },
  },
  {
    id: 'positions/other-store',
    laws: ['F8'],
    title: 'refuses a position of another store as FEED_DIVERGED, before any I/O, also to wait for',
    async run({ open }) {
      const { store } = (await open()).backend
      const other = (await open()).backend.store
      assert.notEqual(store.incarnation, other.incarnation)
      assert.match(store.incarnation, /^[0-9a-f]{16}$/)
      const events = sampleEvents(3)
      await store.append('counter:1', events)
      await other.append('counter:1', events)
      const foreign = [
        await other.feedHead(),
        ...(await other.feed().toArray()).map(({ position }) => position),
      ]
      for (const after of foreign) {
        await refusalAtOnce(() => store.feed({ after }).toArray(), 'FEED_DIVERGED', 'after')
        await refusalAtOnce(() => store.waitForFeed({ after, timeoutMs: 1000 }), 'FEED_DIVERGED', 'after')
      }
    },
  },
  {
    id: 'positions/past-head',
    laws: ['F8'],
    title: 'refuses a position past the head as FEED_DIVERGED, where a lossy failover has left it',
    async run({ open }) {
      const { store } = (await open({ partitions: 2 })).backend
      const [streamId = ''] = streamsOfPartition(0, 2, 1)
      const { position = '' } = await store.append(streamId, sampleEvents(3))
      const parts = partsOf(position)
      for (const ahead of [1, 2, 1000, 1_000_000]) {
        const after = positionFrom({ ...parts, sequence: parts.sequence + ahead })
        await refusal(() => store.feed({ after }).toArray(), 'FEED_DIVERGED', { field: 'after' })
        await refusal(() => store.feed({ after, limit: 1 }).toArray(), 'FEED_DIVERGED', { field: 'after' })
        // The other partition is empty: every place in it lies past its head.
        const empty = positionFrom({ ...parts, partition: 1, sequence: ahead })
        await refusal(() => store.feed({ after: empty }).toArray(), 'FEED_DIVERGED', { field: 'after' })
      }
      const ahead = positionFrom({ ...parts, sequence: parts.sequence + 1 })
      await store.append(streamId, [sampleEvent(4)])
      // Now something stands there, but not what the position was made of.
      await refusal(() => store.feed({ after: ahead }).toArray(), 'FEED_DIVERGED', { field: 'after' })
    },
  },
  {
    id: 'positions/other-event',
    laws: ['F8'],
    title: 'refuses a position at which another event stands as FEED_DIVERGED, as after a restored backup',
    async run({ open }) {
      const test = await open()
      const { store } = test.backend
      await store.append('counter:1', sampleEvents(4))
      const events = await store.feed().toArray()
      for await (const { store: client } of eachClient(test)) {
        for (const [index, { position }] of events.entries()) {
          const parts = partsOf(position)
          const wrong = positionFrom({ ...parts, check: otherCheck(parts.check) })
          await refusal(() => client.feed({ after: wrong }).toArray(), 'FEED_DIVERGED', { field: 'after' })
          const moved = positionFrom({
            ...parts,
            check: partsOf(events[(index + 1) % 4]?.position ?? '').check,
          })
          await refusal(() => client.feed({ after: moved, pageSize: 1 }).toArray(), 'FEED_DIVERGED', {
            field: 'after',
          })
          assert.deepEqual(
            (await client.feed({ after: position }).toArray()).map(numberOf),
            [1, 2, 3, 4].slice(index + 1),
          )
        }
      }
    },
  },
  {
    id: 'positions/other-partition',
    laws: ['F8', 'F6'],
    title: 'refuses a position of another partition than asked for, or of one that the store has not',
    async run({ open }) {
      const { store } = (await open({ partitions: 2 })).backend
      const [streamId = ''] = streamsOfPartition(0, 2, 1)
      const { position = '' } = await store.append(streamId, [sampleEvent(1)])
      await refusalAtOnce(
        () => store.feed({ after: position, partition: 1 }).toArray(),
        'INVALID_ARGUMENT',
        'after',
      )
      const beyond = positionFrom({ ...partsOf(position), partition: 2 })
      await refusalAtOnce(() => store.feed({ after: beyond }).toArray(), 'INVALID_ARGUMENT', 'after')
      const exchanged = positionFrom({ ...partsOf(position), partition: 1 })
      await refusal(() => store.feed({ after: exchanged }).toArray(), 'FEED_DIVERGED', { field: 'after' })
    },
  },
  {
    id: 'positions/expired',
    laws: ['F9'],
    title:
      'refuses a position below what a trimmed feed keeps as POSITION_EXPIRED, and reads on from the others',
    needs: ({ feedRetention }) => feedRetention === 'trimmed',
    refuses: async ({ open }) => {
      // A feed that keeps all lets no position expire: neither by its length nor by removal.
      const test = await open()
      const { store, capabilities } = test.backend
      const start = await store.feedHead()
      for (let number = 0; number < 20; number++)
        await store.append('counter:kept', sampleEvents(50, 50 * number))
      const first = await store.feed({ limit: 1 }).toArray()
      if (capabilities.removal) await store.truncate('counter:kept', { before: 900 })
      const firstKept = capabilities.removal ? 900 : 1
      const reopened = (await test.reopen()).store
      for (const [after, behind] of [
        [undefined, 0],
        [start, 0],
        [first[0]?.position, 1],
      ] as const) {
        const events = await reopened.feed({ after }).toArray()
        assert.equal(events[0]?.streamPosition, Math.max(firstKept, behind + 1))
        assert.equal(events.length, 1000 - Math.max(firstKept - 1, behind))
      }
    },
    async run({ open }) {
      const test = await open()
      const { store } = test.backend
      const start = await store.feedHead()
      const old = await store.append('counter:old', sampleEvents(3))
      const [first] = await store.feed({ limit: 1 }).toArray()
      assert.ok(test.trimFeed !== undefined, 'a test bed of a trimmed feed must have a way to trim it')
      await test.trimFeed()
      const { position = '' } = await store.append('counter:new', [sampleEvent(4)])
      for (const after of [undefined, start, first?.position]) {
        await refusal(() => store.feed({ after }).toArray(), 'POSITION_EXPIRED')
      }
      // Behind it nothing is missing.
      assert.deepEqual((await store.feed({ after: old.position }).toArray()).map(numberOf), [4])
      assert.deepEqual(await store.feed({ after: position }).toArray(), [])
    },
  },
]
