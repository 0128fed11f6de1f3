import assert from 'node:assert/strict'
import type { EventStore, ExpectedVersion } from '@eventspine/core'
import { eachClient } from '../each-client.ts'
import type { Case, CaseContext } from '../kit.ts'
import { refusal, refusalAtOnce, versionConflict } from '../refusal.ts'
import { numberOf, sampleEvent, sampleEvents } from '../sample-events.ts'
import { leavesUntouched } from '../untouched.ts'
import { assertEveryRange } from './read.ts'

const STREAM = 'counter:removed'

/** Where removal is not declared, both verbs say so and remove nothing. */
async function refusesRemoval({ open }: CaseContext): Promise<void> {
  const { store } = (await open()).backend
  await store.append(STREAM, sampleEvents(2))
  await leavesUntouched(store, [STREAM], async () => {
    await refusalAtOnce(() => store.delete(STREAM), 'NOT_SUPPORTED')
    await refusalAtOnce(() => store.truncate(STREAM, { before: 2 }), 'NOT_SUPPORTED')
  })
}

export const removes = {
  needs: (capabilities: { readonly removal: boolean }) => capabilities.removal,
  refuses: refusesRemoval,
}

async function readNumbers(store: EventStore, streamId: string): Promise<readonly number[]> {
  return (await store.read(streamId).toArray()).map(numberOf)
}

async function feedNumbers(store: EventStore): Promise<readonly number[]> {
  return (await store.feed().toArray()).map(numberOf)
}

export const removalCases: readonly Case[] = [
  {
    id: 'removal/truncate',
    laws: ['D2', 'D3', 'R2'],
    title:
      'lets a truncated stream read from its new start in every way and keep its version, here and in the feed',
    timeoutMs: 150_000,
    ...removes,
    async run({ open }) {
      const test = await open()
      const { store } = test.backend
      await store.append(STREAM, sampleEvents(5))
      await store.append('counter:kept', sampleEvents(2, 6))
      assert.deepEqual(await store.truncate(STREAM, { before: 3 }), { version: 5 })
      await assertEveryRange(store, STREAM, 3)
      const check = async (client: EventStore): Promise<void> => {
        const { version, firstVersion, deleted, exists } = await client.head(STREAM)
        assert.deepEqual([version, firstVersion, deleted, exists], [5, 3, false, true])
        assert.deepEqual(await readNumbers(client, STREAM), [3, 4, 5])
        assert.deepEqual(await readNumbers(client, 'counter:kept'), [6, 7])
        assert.deepEqual(await feedNumbers(client), [3, 4, 5, 6, 7])
      }
      await check(store)
      await check((await test.sibling()).store)
      const reopened = (await test.reopen()).store
      await check(reopened)
      await versionConflict(() => reopened.append(STREAM, [sampleEvent(0)], { expectedVersion: 'none' }), {
        streamId: STREAM,
        expectedVersion: 'none',
        actualVersion: 5,
      })
      assert.equal((await reopened.append(STREAM, [sampleEvent(8)], { expectedVersion: 5 })).version, 6)
    },
  },
  {
    id: 'removal/truncate-all',
    laws: ['D1', 'D2'],
    title: 'lets a stream be truncated whole: it reads as empty, keeps its version and takes appends',
    ...removes,
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append(STREAM, sampleEvents(3))
      assert.deepEqual(await store.truncate(STREAM, { before: 4 }), { version: 3 })
      const { version, firstVersion, deleted } = await store.head(STREAM)
      assert.deepEqual([version, firstVersion, deleted], [3, 4, false])
      assert.deepEqual(await readNumbers(store, STREAM), [])
      assert.deepEqual(await feedNumbers(store), [])
      assert.equal((await store.append(STREAM, [], { expectedVersion: 3 })).version, 3)
      assert.equal((await store.append(STREAM, [sampleEvent(4)])).version, 4)
      assert.deepEqual(await readNumbers(store, STREAM), [4])
    },
  },
  {
    id: 'removal/delete',
    laws: ['D2', 'D3'],
    title: 'lets a deleted stream read as empty, hides it from the feed and refuses appends to it',
    ...removes,
    async run({ open }) {
      const test = await open()
      await test.backend.store.append(STREAM, sampleEvents(3))
      await test.backend.store.append('counter:kept', [sampleEvent(4)])
      assert.deepEqual(await test.backend.store.delete(STREAM), { version: 3 })
      const check = async (store: EventStore): Promise<void> => {
        const { version, deleted, exists } = await store.head(STREAM)
        assert.deepEqual([version, deleted, exists], [3, true, false])
        assert.deepEqual(await readNumbers(store, STREAM), [])
        assert.deepEqual(await store.read(STREAM, { direction: 'backward', limit: 1 }).toArray(), [])
        assert.deepEqual(await feedNumbers(store), [4])
        await leavesUntouched(store, [STREAM], async () => {
          for (const expectedVersion of ['any', 'none', 'exists', 0, 2, 4] as const) {
            for (const events of [[sampleEvent(5)], []]) {
              await refusal(() => store.append(STREAM, events, { expectedVersion }), 'STREAM_DELETED')
            }
          }
        })
      }
      for await (const { store } of eachClient(test)) await check(store)
    },
  },
  {
    id: 'removal/reopen',
    laws: ['D1', 'D2'],
    title: 'reopens a deleted stream at exactly its version, and goes on counting from there',
    ...removes,
    async run({ open }) {
      const test = await open()
      const { store } = test.backend
      await store.append(STREAM, sampleEvents(3))
      await store.delete(STREAM)
      assert.equal((await store.append(STREAM, [], { expectedVersion: 3 })).version, 3)
      assert.equal((await store.head(STREAM)).deleted, true, 'an empty append reopens nothing')
      assert.equal((await store.append(STREAM, sampleEvents(2, 4), { expectedVersion: 3 })).version, 5)
      const check = async (client: EventStore): Promise<void> => {
        const { version, firstVersion, deleted, exists } = await client.head(STREAM)
        assert.deepEqual([version, firstVersion, deleted, exists], [5, 4, false, true])
        const events = await client.read(STREAM).toArray()
        assert.deepEqual(
          events.map((event) => [event.streamPosition, numberOf(event)]),
          [
            [4, 4],
            [5, 5],
          ],
        )
        assert.deepEqual(await feedNumbers(client), [4, 5])
      }
      await check(store)
      await check((await test.reopen()).store)
    },
  },
  {
    id: 'removal/again',
    laws: ['D1', 'D2'],
    title: 'deletes a reopened stream again, and its version still goes on',
    ...removes,
    async run({ open }) {
      const { store } = (await open()).backend
      let version = 0
      for (let round = 1; round <= 3; round++) {
        version += 2
        assert.equal(
          (await store.append(STREAM, sampleEvents(2), { expectedVersion: version - 2 })).version,
          version,
        )
        assert.deepEqual(await store.delete(STREAM), { version })
        assert.deepEqual(await readNumbers(store, STREAM), [])
      }
      assert.deepEqual(await feedNumbers(store), [])
    },
  },
  {
    id: 'removal/expectations',
    laws: ['D2', 'A3'],
    title: 'holds a removal to its expected version, and refuses a truncation behind the head',
    ...removes,
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append(STREAM, sampleEvents(3))
      await leavesUntouched(store, [STREAM, 'counter:missing'], async () => {
        for (const expectedVersion of ['none', 0, 2, 4] satisfies ExpectedVersion[]) {
          const expected = { streamId: STREAM, expectedVersion, actualVersion: 3 }
          await versionConflict(() => store.delete(STREAM, { expectedVersion }), expected)
          await versionConflict(() => store.truncate(STREAM, { before: 2, expectedVersion }), expected)
        }
        const missing = { streamId: 'counter:missing', expectedVersion: 'exists', actualVersion: 0 } as const
        await versionConflict(() => store.delete('counter:missing'), missing)
        await versionConflict(() => store.truncate('counter:missing', { before: 1 }), missing)
        assert.deepEqual(await store.delete('counter:missing', { expectedVersion: 'any' }), { version: 0 })
        await refusal(() => store.truncate(STREAM, { before: 5 }), 'VERSION_CONFLICT')
        assert.deepEqual(await store.truncate(STREAM, { before: 1 }), { version: 3 })
      })
      assert.deepEqual(await store.delete(STREAM, { expectedVersion: 3 }), { version: 3 })
    },
  },
  {
    id: 'removal/repeat',
    laws: ['D4', 'D3'],
    title: 'takes a repeated removal for done: at once, later, through another client and by a smaller bound',
    ...removes,
    async run({ open }) {
      const test = await open()
      const { store } = test.backend
      const other = (await test.sibling()).store
      await store.append(STREAM, sampleEvents(6))
      await Promise.all([store, other, store, other].map((client) => client.truncate(STREAM, { before: 4 })))
      for (const before of [4, 3, 1])
        assert.deepEqual(await store.truncate(STREAM, { before }), { version: 6 })
      assert.deepEqual(await readNumbers(store, STREAM), [4, 5, 6])
      const [first] = await store.feed().toArray()
      assert.equal(first === undefined ? undefined : numberOf(first), 4)
      await Promise.all([store, other, store, other].map((client) => client.delete(STREAM)))
      for await (const { store: client } of eachClient(test)) {
        assert.deepEqual(await client.delete(STREAM, { expectedVersion: 6 }), { version: 6 })
        assert.deepEqual(await readNumbers(client, STREAM), [])
        assert.deepEqual(await feedNumbers(client), [])
      }
    },
  },
]
