import assert from 'node:assert/strict'
import { EventStoreError, partitionOf } from '@eventspine/core'
import type { Case } from '../kit.ts'
import { refusal, refusalAtOnce } from '../refusal.ts'
import { numberOf, sampleEvent, sampleEvents } from '../sample-events.ts'
import { turn } from '../turn.ts'

const numbersTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index + 1)

export const groupingCases: readonly Case[] = [
  {
    id: 'grouping/neighbours',
    laws: ['A1', 'A3'],
    title: 'lets every commit of a group succeed or fail alone',
    async run({ open }) {
      const { store } = (await open({ partitions: 4 })).backend
      await store.append('counter:taken', [sampleEvent(0)])
      const results = await Promise.allSettled(
        Array.from({ length: 60 }, (_, index) =>
          index % 3 === 1
            ? store.append('counter:taken', [sampleEvent(index)], { expectedVersion: 'none' })
            : store.append(`counter:${index}`, sampleEvents(2), { expectedVersion: 'none' }),
        ),
      )
      for (const [index, result] of results.entries()) {
        if (index % 3 === 1) {
          assert.ok(
            result.status === 'rejected' && EventStoreError.is(result.reason, 'VERSION_CONFLICT'),
            `commit ${index}`,
          )
        } else {
          assert.ok(result.status === 'fulfilled', `commit ${index} was harmed by its neighbours`)
          assert.deepEqual((await store.read(`counter:${index}`).toArray()).map(numberOf), [1, 2])
        }
      }
      assert.equal((await store.head('counter:taken')).version, 1)
    },
  },
  {
    id: 'grouping/call-order',
    laws: ['A2', 'A3', 'F2'],
    title: 'commits what is submitted together for one stream in the order of the calls',
    async run({ open }) {
      const { store } = (await open({ partitions: 4 })).backend
      const count = 50
      const any = numbersTo(count).map((number) => store.append('counter:any', [sampleEvent(number)]))
      const exact = numbersTo(count).map((number) =>
        store.append('counter:exact', [sampleEvent(number)], { expectedVersion: number - 1 }),
      )
      const versions = (await Promise.all([...any, ...exact])).map(({ version }) => version)
      assert.deepEqual(versions, [...numbersTo(count), ...numbersTo(count)])
      for (const streamId of ['counter:any', 'counter:exact']) {
        assert.deepEqual((await store.read(streamId).toArray()).map(numberOf), numbersTo(count))
      }
    },
  },
  {
    id: 'grouping/over-caps',
    laws: ['A1', 'A2', 'F4'],
    title: 'takes more at once than one batch holds, in commits and in events, and loses nothing',
    timeoutMs: 120_000,
    async run({ open, capabilities }) {
      const { store } = (await open()).backend
      const { maxCommitsPerBatch, maxEventsPerBatch, maxAppendEvents } = capabilities
      const commits = Math.min(2 * maxCommitsPerBatch + 3, 1200)
      await Promise.all(
        Array.from({ length: commits }, (_, index) =>
          store.append(`counter:${index % 7}`, [sampleEvent(index)]),
        ),
      )
      assert.equal((await store.feed().toArray()).length, commits)
      // Each is more than half a batch, so that no two fit together; the last is more than a whole one.
      const half = Math.min(Math.floor(maxEventsPerBatch / 2) + 1, maxAppendEvents, 2000)
      const whole = Math.min(maxEventsPerBatch + 1, maxAppendEvents, 4000)
      const sizes = [half, half, 1, half, whole, 1]
      const results = await Promise.all(
        sizes.map((size) => store.append('counter:large', sampleEvents(size))),
      )
      let version = 0
      for (const [index, size] of sizes.entries()) {
        version += size
        assert.equal(results[index]?.version, version)
      }
      assert.equal((await store.feed().toArray()).length, commits + version)
    },
  },
  {
    id: 'grouping/abort-unsent',
    laws: ['A7', 'A1'],
    title: 'writes nothing of an append that is aborted before it was sent, and its neighbours go through',
    async run({ open }) {
      const { store } = (await open()).backend
      const early = AbortSignal.abort(new Error('too early'))
      await refusalAtOnce(() => store.append('counter:1', [sampleEvent(1)], { signal: early }), 'ABORTED')
      await refusalAtOnce(() => store.append('counter:1', [], { signal: early }), 'ABORTED')
      const abort = new AbortController()
      const before = store.append('counter:1', [sampleEvent(1)])
      const aborted = store.append('counter:1', [sampleEvent(2)], { signal: abort.signal })
      const after = store.append('counter:1', [sampleEvent(3)])
      abort.abort()
      await refusal(() => aborted, 'ABORTED')
      assert.deepEqual([(await before).version, (await after).version], [1, 2])
      assert.deepEqual((await store.read('counter:1').toArray()).map(numberOf), [1, 3])
    },
  },
  {
    id: 'grouping/close-drains',
    laws: ['A5', 'A7'],
    title: 'lets appends in hand finish when it is closed, and refuses every call after that',
    async run({ open }) {
      const test = await open()
      const { backend } = test
      const { store, documents } = backend
      const position = await store.feedHead()
      const inHand = numbersTo(40).map((number) =>
        store.append(`counter:${number % 5}`, [sampleEvent(number)]),
      )
      const closing = store.close()
      const late = refusalAtOnce(() => store.append('counter:late', [sampleEvent(0)]), 'CLOSED')
      const [settled] = await Promise.all([Promise.allSettled(inHand), closing, late, store.close()])
      assert.ok(
        settled.every(({ status }) => status === 'fulfilled'),
        'an append of the group failed',
      )
      await backend.close()
      await backend.close()
      const notes = documents.collection('notes')
      const calls: readonly (() => unknown)[] = [
        () => store.append('counter:late', [sampleEvent(1)]),
        () => store.append('counter:late', []),
        () => store.commit({ streams: [{ streamId: 'counter:late', events: [sampleEvent(1)] }] }),
        () => store.read('counter:1').toArray(),
        () => store.read('counter:1', { limit: 0 }).toArray(),
        () => store.head('counter:1'),
        () => store.feed().toArray(),
        () => store.feedHead(),
        () => store.waitForFeed({ after: position, timeoutMs: 10 }),
        () => store.delete('counter:1'),
        () => store.truncate('counter:1', { before: 2 }),
        () => store.import([]),
        () => store.seal(0),
        () => notes.get('n'),
        () => notes.put('n', 1),
        () => notes.delete('n'),
        () => documents.batch([notes.putting('n', 1)]),
        () => backend.transaction(async () => undefined),
      ]
      for (const call of calls) await refusalAtOnce(call, 'CLOSED')
      const reopened = (await test.reopen()).store
      const events = await reopened.feed().toArray()
      assert.deepEqual(
        events.map(numberOf).sort((a, b) => a - b),
        numbersTo(40),
        'what was in hand when the store was closed was written',
      )
    },
  },
  {
    id: 'grouping/close-while-reading',
    laws: ['R4'],
    title:
      'settles every read that is under way when the backend is closed: it ends, or is refused as closed',
    async run({ open, capabilities }) {
      const { backend } = await open({ partitions: 2 })
      const { store, documents } = backend
      await store.append('counter:1', sampleEvents(60))
      const notes = documents.collection('notes')
      if (capabilities.documents) await notes.put('n', 1)
      const passes = (pages: AsyncIterable<unknown>) => async () => {
        for await (const _ of pages) if (_ === undefined) break
      }
      const reads = Array.from({ length: 10 }, (): readonly (() => Promise<unknown>)[] => [
        passes(store.read('counter:1', { pageSize: 1 }).pages()),
        passes(store.feed({ partition: partitionOf('counter:1', 2), pageSize: 1 }).slices()),
        () => store.head('counter:1'),
        ...(capabilities.documents ? [() => notes.get('n')] : []),
      ])
      const underWay = Promise.allSettled(reads.flat().map((read) => read()))
      await turn()
      await backend.close()
      for (const result of await underWay) {
        if (result.status === 'fulfilled') continue
        assert.ok(EventStoreError.is(result.reason, 'CLOSED'), `a read failed: ${String(result.reason)}`)
      }
    },
  },
]
