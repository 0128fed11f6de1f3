import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { AppendResult, NewEvent } from '@eventspine/core'
import type { Case } from '../kit.ts'
import { refusal, refusalAtOnce, versionConflict } from '../refusal.ts'
import { sampleEvent, sampleEvents, streamsOfPartition } from '../sample-events.ts'
import { leavesUntouched } from '../untouched.ts'

function assertRepeat(again: AppendResult, first: AppendResult): void {
  assert.deepEqual({ ...again, repeated: false }, { ...first, repeated: false })
  assert.equal(again.repeated, true, 'a repeat is told as one')
}

export const repeatCases: readonly Case[] = [
  {
    id: 'repeat/first-result',
    laws: ['A6'],
    title: 'returns the first result of a repeated append and writes nothing, at a version and at none',
    async run({ open }) {
      const { store } = (await open()).backend
      const streamId = 'counter:repeated'
      const creation = sampleEvents(3)
      const created = await store.append(streamId, creation, { expectedVersion: 'none' })
      const more = sampleEvents(2, 4)
      const added = await store.append(streamId, more, { expectedVersion: 3 })
      assert.equal(created.repeated, false)
      await leavesUntouched(store, [streamId], async () => {
        for (const expectedVersion of ['none', 0] as const) {
          assertRepeat(await store.append(streamId, creation, { expectedVersion }), created)
        }
        assertRepeat(await store.append(streamId, more, { expectedVersion: 3 }), added)
      })
    },
  },
  {
    id: 'repeat/after-others',
    laws: ['A6'],
    title: 'recognises a repeat after others have appended, through another client and after a restart',
    async run({ open }) {
      const test = await open()
      const { store } = test.backend
      const streamId = 'counter:repeated'
      const events = sampleEvents(2)
      const first = await store.append(streamId, events, { expectedVersion: 0 })
      const sibling = (await test.sibling()).store
      await sibling.append(streamId, sampleEvents(5, 3))
      assertRepeat(await sibling.append(streamId, events, { expectedVersion: 0 }), first)
      assertRepeat(await store.append(streamId, events, { expectedVersion: 'none' }), first)
      const reopened = (await test.reopen()).store
      assertRepeat(await reopened.append(streamId, events, { expectedVersion: 0 }), first)
      assert.equal((await reopened.head(streamId)).version, 7)
    },
  },
  {
    id: 'repeat/at-once',
    laws: ['A6', 'A4'],
    title: 'writes once what is sent many times at once, and gives every sender the same result',
    async run({ open }) {
      const test = await open()
      const clients = [test.backend.store, (await test.sibling()).store]
      const events = sampleEvents(2)
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (clients[index % 2] ?? test.backend.store).append('counter:once', events, {
            expectedVersion: 'none',
          }),
        ),
      )
      const [first] = results
      for (const result of results) {
        assert.deepEqual([result.version, result.position, result.token], [2, first?.position, first?.token])
      }
      assert.equal(results.filter(({ repeated }) => !repeated).length, 1)
      assert.equal((await test.backend.store.feed().toArray()).length, 2)
    },
  },
  {
    id: 'repeat/same-data',
    laws: ['A6'],
    title: 'takes the order of keys and the case of a given id for no difference',
    async run({ open }) {
      const { store } = (await open()).backend
      const id = 'ABCDEF01-2345-4678-9ABC-DEF012345678'
      const first = await store.append(
        'counter:keys',
        [
          {
            type: 'Counted',
            id,
            data: { a: 1, b: { c: [1, 2], d: 'x' } },
            metadata: { correlationId: 'c', user: 'u' },
          },
        ],
        { expectedVersion: 0 },
      )
      const again = await store.append(
        'counter:keys',
        [
          {
            type: 'Counted',
            id: id.toLowerCase(),
            data: { b: { d: 'x', c: [1, 2] }, a: 1 },
            metadata: { user: 'u', correlationId: 'c' },
          },
        ],
        { expectedVersion: 0 },
      )
      assertRepeat(again, first)
    },
  },
  {
    id: 'repeat/bytes',
    laws: ['A6'],
    title: 'recognises repeated bytes, and other bytes under the same id',
    async run({ open }) {
      const { store } = (await open()).backend
      const event = {
        type: 'Stored',
        id: randomUUID(),
        data: new Uint8Array([0, 1, 255]),
        contentType: 'image/png',
      }
      const first = await store.append('file:1', [event], { expectedVersion: 0 })
      assertRepeat(await store.append('file:1', [event], { expectedVersion: 0 }), first)
      for (const other of [{ data: new Uint8Array([0, 1]) }, { contentType: 'image/gif' }]) {
        await refusal(
          () => store.append('file:1', [{ ...event, ...other }], { expectedVersion: 0 }),
          'ID_REUSED',
        )
      }
    },
  },
  {
    id: 'repeat/other-data',
    laws: ['A6'],
    title: 'refuses an id that stands there with another type, data, metadata, tags or schema, and names it',
    async run({ open }) {
      const { store } = (await open()).backend
      const streamId = 'counter:reused'
      const events = sampleEvents(2)
      const [one, two] = events
      assert.ok(one !== undefined && two !== undefined, 'two events were made')
      await store.append(streamId, events, { expectedVersion: 0 })
      const others: readonly Partial<NewEvent>[] = [
        { type: 'Recounted' },
        { data: { number: 2 } },
        { data: { ...two.data, number: '2' } },
        { metadata: { user: 'somebody else' } },
        { tags: ['late'] },
        { schemaVersion: 2 },
        { occurredAt: '2024-02-29T12:00:00Z' },
      ]
      await leavesUntouched(store, [streamId], async () => {
        for (const other of others) {
          const changed = [one, { ...two, ...other }]
          const error = await refusal(
            () => store.append(streamId, changed, { expectedVersion: 0 }),
            'ID_REUSED',
          )
          assert.match(error.field ?? '', /^events\[[01]\]\.id$/)
        }
      })
    },
  },
  {
    id: 'repeat/other-company',
    laws: ['A6'],
    title: 'refuses ids that stand there among other events: more of them, others, or in another order',
    async run({ open }) {
      const { store } = (await open()).backend
      const streamId = 'counter:company'
      const events = sampleEvents(2)
      const [one, two] = events
      assert.ok(one !== undefined && two !== undefined, 'two events were made')
      await store.append(streamId, events, { expectedVersion: 0 })
      await store.append(streamId, [sampleEvent(3)])
      await leavesUntouched(store, [streamId], async () => {
        for (const company of [
          [one, two, sampleEvent(3)],
          [one, sampleEvent(2)],
          [sampleEvent(1), two],
        ]) {
          await refusal(() => store.append(streamId, company, { expectedVersion: 0 }), 'ID_REUSED')
        }
        const swapped = () => store.append(streamId, [two, one], { expectedVersion: 0 })
        const expected = { streamId, expectedVersion: 0, actualVersion: 3 }
        await versionConflict(swapped, expected)
      })
    },
  },
  {
    id: 'repeat/other-version',
    laws: ['A6', 'A3'],
    title: 'takes the same ids at another version for a conflict, not for a repeat',
    async run({ open }) {
      const { store } = (await open()).backend
      const streamId = 'counter:moved'
      const events = sampleEvents(2)
      await store.append(streamId, [sampleEvent(0)])
      await store.append(streamId, events, { expectedVersion: 1 })
      await leavesUntouched(store, [streamId], async () => {
        for (const expectedVersion of [0, 2, 'none'] as const) {
          const expected = { streamId, expectedVersion, actualVersion: 3 }
          await versionConflict(
            () => store.append(streamId, events.slice(0, 1), { expectedVersion }),
            expected,
          )
        }
      })
    },
  },
  {
    id: 'repeat/generated-ids',
    laws: ['A6'],
    title: 'never takes events without ids of the caller’s own for a repeat',
    async run({ open }) {
      const { store } = (await open()).backend
      const streamId = 'counter:generated'
      const event: NewEvent = { type: 'Counted', data: { number: 1 } }
      await store.append(streamId, [event], { expectedVersion: 0 })
      await versionConflict(() => store.append(streamId, [event], { expectedVersion: 0 }), {
        streamId,
        expectedVersion: 0,
        actualVersion: 1,
      })
    },
  },
  {
    id: 'repeat/twice-in-one-commit',
    laws: ['A6'],
    title: 'refuses an id that occurs twice in one commit, before any I/O, and writes nothing',
    async run({ open }) {
      const { store } = (await open()).backend
      const id = randomUUID()
      const events = [sampleEvent(1), { ...sampleEvent(2), id }, { ...sampleEvent(3), id: id.toUpperCase() }]
      await leavesUntouched(store, ['counter:twice'], async () => {
        await refusalAtOnce(() => store.append('counter:twice', events), 'ID_REUSED', 'events[2].id')
      })
    },
  },
  {
    id: 'repeat/several-streams',
    laws: ['A6', 'A10'],
    title: 'returns the first result of a repeated commit of several streams, also with documents',
    needs: ({ multiStreamAppend }) => multiStreamAppend !== 'none',
    refuses: async ({ open }) => {
      const { store } = (await open()).backend
      const streams = ['counter:a', 'counter:b'].map((streamId) => ({ streamId, events: [sampleEvent(1)] }))
      await refusal(() => store.commit({ streams }), 'NOT_SUPPORTED')
    },
    async run({ open, capabilities }) {
      const partitions = capabilities.multiStreamAppend === 'store' ? 4 : 1
      const { store, documents } = (await open({ partitions })).backend
      const [a = '', b = ''] = streamsOfPartition(0, partitions, 2)
      const streams = [a, b].map((streamId) => ({ streamId, events: sampleEvents(2), expectedVersion: 0 }))
      const withDocuments = capabilities.documentsWithAppend !== 'none'
      const notes = documents.collection<{ readonly times: number }>('notes')
      const request = withDocuments
        ? { streams, documents: [notes.putting('n', { times: 1 }, { partition: 0 })] }
        : { streams }
      const first = await store.commit(request)
      await store.append(a, [sampleEvent(3)])
      const again = await store.commit(request)
      assert.equal(again.repeated, true)
      assert.deepEqual([again.streams, again.token], [first.streams, first.token])
      assert.deepEqual([(await store.head(a)).version, (await store.head(b)).version], [3, 2])
      if (withDocuments) {
        assert.equal(
          (await notes.get('n', { partition: 0 }))?.revision,
          first.revisions[0],
          'not written again',
        )
      }
    },
  },
]
