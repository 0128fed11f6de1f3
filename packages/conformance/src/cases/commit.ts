import assert from 'node:assert/strict'
import type { Capabilities, CommitRequest, EventStore } from '@eventspine/core'
import { alongside } from '../alongside.ts'
import type { Case, CaseContext } from '../kit.ts'
import { refusal, refusalAtOnce, versionConflict } from '../refusal.ts'
import {
  numberOf,
  sampleEvent,
  sampleEvents,
  streamsAcrossPartitions,
  streamsOfPartition,
} from '../sample-events.ts'
import { leavesUntouched } from '../untouched.ts'
import { turn } from '../turn.ts'

const PARTITIONS = 4

const several = ({ multiStreamAppend }: Capabilities): boolean => multiStreamAppend !== 'none'

/** Streams as far apart as one commit of this backend may reach. */
function reachableStreams({ multiStreamAppend }: Capabilities): readonly string[] {
  return multiStreamAppend === 'store'
    ? streamsAcrossPartitions(PARTITIONS)
    : streamsOfPartition(1, PARTITIONS, 4)
}

async function refusesSeveral({ open }: CaseContext): Promise<void> {
  const { store } = (await open({ partitions: PARTITIONS })).backend
  const streamIds = streamsOfPartition(1, PARTITIONS, 2)
  await leavesUntouched(store, streamIds, () =>
    refusalAtOnce(
      () => store.commit({ streams: streamIds.map((streamId) => ({ streamId, events: [sampleEvent(1)] })) }),
      'NOT_SUPPORTED',
    ),
  )
}

async function versions(store: EventStore, streamIds: readonly string[]): Promise<readonly number[]> {
  return Promise.all(streamIds.map(async (streamId) => (await store.head(streamId)).version))
}

export const commitCases: readonly Case[] = [
  {
    id: 'commit/one-stream',
    laws: ['A1', 'A10'],
    title:
      'takes a commit of one stream for what an append is, and refuses one that names none or holds no event',
    async run({ open }) {
      const { store } = (await open()).backend
      const result = await store.commit({ streams: [{ streamId: 'counter:1', events: sampleEvents(2) }] })
      assert.deepEqual([result.streams[0]?.version, result.repeated, result.revisions], [2, false, []])
      assert.equal(result.token, result.streams[0]?.position)
      await leavesUntouched(store, ['counter:1'], async () => {
        await refusalAtOnce(() => store.commit({ streams: [] }), 'INVALID_ARGUMENT', 'streams')
        const empty = { streams: [{ streamId: 'counter:1', events: [] }] }
        await refusalAtOnce(() => store.commit(empty), 'INVALID_ARGUMENT', 'streams[0].events')
        const stale = { streams: [{ streamId: 'counter:1', events: [sampleEvent(1)], expectedVersion: 1 }] }
        await versionConflict(() => store.commit(stale), {
          streamId: 'counter:1',
          expectedVersion: 1,
          actualVersion: 2,
        })
      })
    },
  },
  {
    id: 'commit/several-streams',
    laws: ['A10', 'A1', 'F6'],
    title: 'appends to several streams at once and tells version, position and token of each',
    needs: several,
    refuses: refusesSeveral,
    async run({ open, capabilities }) {
      const { store } = (await open({ partitions: PARTITIONS })).backend
      const streamIds = reachableStreams(capabilities)
      const [first = ''] = streamIds
      await store.append(first, sampleEvents(2))
      const result = await store.commit({
        streams: streamIds.map((streamId, index) => ({
          streamId,
          events: sampleEvents(index + 1, 10),
          expectedVersion: streamId === first ? 2 : 'none',
        })),
      })
      const expected = streamIds.map((streamId, index) => (streamId === first ? 2 : 0) + index + 1)
      assert.deepEqual(
        result.streams.map(({ streamId, version }) => [streamId, version]),
        streamIds.map((streamId, index) => [streamId, expected[index]]),
      )
      assert.deepEqual(await versions(store, streamIds), expected)
      const lastOfPartition = new Set<string>()
      for (const [index, streamId] of streamIds.entries()) {
        const events = await store.read(streamId, { from: streamId === first ? 3 : 1 }).toArray()
        assert.deepEqual(
          events.map(numberOf),
          Array.from({ length: index + 1 }, (_, number) => 10 + number),
        )
        assert.equal(result.streams[index]?.position, events.at(-1)?.position)
      }
      for (const { position = '' } of result.streams) {
        const feedHead = await store.feedHead(Number(position.split('.')[1]))
        lastOfPartition.add(feedHead)
      }
      assert.deepEqual(
        new Set(result.token.split(',')),
        lastOfPartition,
        'the token names the last place of each partition',
      )
    },
  },
  {
    id: 'commit/one-conflict',
    laws: ['A1', 'A3', 'A10'],
    title: 'writes nothing of a commit when one of its streams is at another version, whichever it is',
    needs: several,
    refuses: refusesSeveral,
    async run({ open, capabilities }) {
      const { store } = (await open({ partitions: PARTITIONS })).backend
      const streamIds = reachableStreams(capabilities)
      for (const streamId of streamIds) await store.append(streamId, sampleEvents(2))
      for (const stale of streamIds) {
        const streams = streamIds.map((streamId) => ({
          streamId,
          events: [sampleEvent(3)],
          expectedVersion: streamId === stale ? 1 : 2,
        }))
        await leavesUntouched(store, streamIds, () =>
          versionConflict(() => store.commit({ streams }), {
            streamId: stale,
            expectedVersion: 1,
            actualVersion: 2,
          }),
        )
      }
    },
  },
  {
    id: 'commit/never-half-visible',
    laws: ['A1', 'A10'],
    title: 'never shows one stream of a commit without the other',
    needs: several,
    refuses: refusesSeveral,
    async run({ open, capabilities }) {
      const test = await open({ partitions: PARTITIONS })
      const [left = '', right = ''] = reachableStreams(capabilities)
      const reader = (await test.sibling()).store
      const watch = async (ended: () => boolean): Promise<void> => {
        while (!ended()) {
          // What was read first cannot be ahead of what was read after it: both grow together.
          const [before = 0] = await versions(reader, [left])
          const [other = 0] = await versions(reader, [right])
          const [after = 0] = await versions(reader, [left])
          assert.ok(before <= other && other <= after, `${before}, ${other}, ${after}`)
          await turn()
        }
      }
      await alongside(watch, async () => {
        for (let number = 0; number < 60; number++) {
          await test.backend.store.commit({
            streams: [left, right].map((streamId) => ({ streamId, events: [sampleEvent(number)] })),
          })
          await turn()
        }
      })
    },
  },
  {
    id: 'commit/crossing',
    laws: ['A10', 'A4'],
    title:
      'lets commits over the same streams in opposite order all through: they wait, they do not deadlock',
    needs: several,
    refuses: refusesSeveral,
    async run({ open, capabilities }) {
      const test = await open({ partitions: PARTITIONS })
      const clients = [test.backend.store, (await test.sibling()).store]
      const streamIds = reachableStreams(capabilities)
      const commits = Array.from({ length: 40 }, (_, number) => {
        const order = number % 2 === 0 ? streamIds : streamIds.toReversed()
        const streams = order.map((streamId) => ({ streamId, events: [sampleEvent(number)] }))
        return (clients[number % 2] ?? test.backend.store).commit({ streams, lockTimeoutMs: 20_000 })
      })
      await Promise.all(commits)
      assert.deepEqual(
        await versions(test.backend.store, streamIds),
        streamIds.map(() => 40),
      )
    },
  },
  {
    id: 'commit/scope',
    laws: ['A10'],
    title: 'refuses a commit over several partitions, before any I/O, where only one is declared',
    async run({ open, capabilities }) {
      const { store } = (await open({ partitions: PARTITIONS })).backend
      const streamIds = streamsAcrossPartitions(PARTITIONS)
      const request: CommitRequest = {
        streams: streamIds.map((streamId) => ({ streamId, events: [sampleEvent(1)] })),
      }
      if (capabilities.multiStreamAppend === 'store') {
        await store.commit(request)
        assert.deepEqual(await versions(store, streamIds), [1, 1, 1, 1])
      } else {
        await leavesUntouched(store, streamIds, () =>
          refusalAtOnce(() => store.commit(request), 'NOT_SUPPORTED'),
        )
      }
    },
  },
  {
    id: 'commit/same-stream-twice',
    laws: ['A10'],
    title: 'refuses a stream that occurs twice in one commit, and an id that two of its streams share',
    needs: several,
    refuses: refusesSeveral,
    async run({ open, capabilities }) {
      const { store } = (await open({ partitions: PARTITIONS })).backend
      const [left = '', right = ''] = reachableStreams(capabilities)
      await leavesUntouched(store, [left, right], async () => {
        const twice = { streams: [left, left].map((streamId) => ({ streamId, events: [sampleEvent(1)] })) }
        await refusalAtOnce(() => store.commit(twice), 'INVALID_ARGUMENT', 'streams[1].streamId')
        const event = sampleEvent(1)
        const shared = { streams: [left, right].map((streamId) => ({ streamId, events: [event] })) }
        await refusalAtOnce(() => store.commit(shared), 'ID_REUSED', 'streams[1].events[0].id')
      })
      const again = [left, right].map((streamId) => ({ streamId, events: [sampleEvent(1)] }))
      await store.commit({ streams: again })
      await refusal(() => store.append(left, [sampleEvent(2)], { expectedVersion: 0 }), 'VERSION_CONFLICT')
    },
  },
]
