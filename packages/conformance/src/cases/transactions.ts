import assert from 'node:assert/strict'
import type { Backend, Capabilities, EventStore } from '@eventspine/core'
import type { Case, TestBackend } from '../kit.ts'
import { refusal, versionConflict } from '../refusal.ts'
import { numberOf, sampleEvent, sampleEvents } from '../sample-events.ts'
import { leavesUntouched } from '../untouched.ts'
import { besideTransaction, refusesTransaction } from './busy.ts'
import type { Note } from './documents.ts'

const transacts = {
  needs: ({ sharedTransaction }: Capabilities) => sharedTransaction !== 'none',
  refuses: refusesTransaction,
}

const STREAM = 'counter:transacted'

function notesOf({ documents }: Pick<Backend, 'documents'>) {
  return documents.collection<Note>('notes')
}

async function numbersOf(store: EventStore): Promise<readonly number[]> {
  return (await store.read(STREAM).toArray()).map(numberOf)
}

/** A store with two events and a note in it. */
async function prepared(test: TestBackend): Promise<Backend> {
  await test.backend.store.append(STREAM, sampleEvents(2))
  if (test.backend.capabilities.documents) await notesOf(test.backend).put('old', { text: 'old' })
  return test.backend
}

export const transactionCases: readonly Case[] = [
  {
    id: 'transactions/own-writes',
    laws: ['A1', 'R1'],
    title:
      'shows its own appends and documents inside, in stream, head, feed and documents, and returns the result',
    ...transacts,
    async run({ open }) {
      const test = await open()
      const backend = await prepared(test)
      const result = await backend.transaction(async (transaction) => {
        const { store } = transaction
        const notes = notesOf(transaction)
        const appended = await store.append(STREAM, [sampleEvent(3)], { expectedVersion: 2 })
        assert.equal(appended.version, 3)
        assert.deepEqual(await numbersOf(store), [1, 2, 3])
        assert.equal((await store.head(STREAM)).version, 3)
        assert.deepEqual((await store.feed().toArray()).map(numberOf), [1, 2, 3])
        assert.equal(await store.feedHead(), appended.position)
        assert.equal((await store.append(STREAM, [sampleEvent(4)], { expectedVersion: 3 })).version, 4)
        const revision = await notes.put('new', { text: 'new' }, { expectedRevision: 'none' })
        assert.deepEqual(await notes.get('new'), { key: 'new', value: { text: 'new' }, revision })
        await notes.put('new', { text: 'newer' }, { expectedRevision: { revision } })
        await notes.delete('old')
        assert.equal(await notes.get('old'), undefined)
        return 'result'
      })
      assert.equal(result, 'result')
      assert.deepEqual(await numbersOf(backend.store), [1, 2, 3, 4])
      assert.equal((await notesOf(backend).get('new'))?.value.text, 'newer')
      assert.equal(await notesOf(backend).get('old'), undefined)
      assert.deepEqual(await numbersOf((await test.reopen()).store), [1, 2, 3, 4])
    },
  },
  {
    id: 'transactions/all-or-none',
    laws: ['A1', 'A11', 'K2'],
    title: 'undoes everything when its work throws, and gives the error through unchanged',
    ...transacts,
    async run({ open }) {
      const test = await open()
      const backend = await prepared(test)
      const failure = new Error('thrown on purpose')
      await leavesUntouched(backend.store, [STREAM, 'counter:new'], async () => {
        for (let time = 0; time < 3; time++) {
          const working = backend.transaction(async (transaction) => {
            await transaction.store.append(STREAM, [sampleEvent(3)])
            await transaction.store.append('counter:new', sampleEvents(2), { expectedVersion: 'none' })
            await notesOf(transaction).put('new', { text: 'new' })
            await notesOf(transaction).delete('old')
            throw failure
          })
          await assert.rejects(working, (thrown) => thrown === failure)
        }
      })
      assert.equal(await notesOf(backend).get('new'), undefined)
      assert.equal((await notesOf(backend).get('old'))?.value.text, 'old')
      assert.equal((await backend.store.append(STREAM, [sampleEvent(3)], { expectedVersion: 2 })).version, 3)
    },
  },
  {
    id: 'transactions/isolated',
    laws: ['A1', 'F3'],
    title: 'shows nothing of itself outside until it commits, and then all',
    ...besideTransaction,
    async run({ open }) {
      const test = await open()
      const backend = await prepared(test)
      const outside = await test.sibling()
      await backend.transaction(async (transaction) => {
        await transaction.store.append(STREAM, [sampleEvent(3)])
        await notesOf(transaction).put('new', { text: 'new' })
        assert.deepEqual(await numbersOf(outside.store), [1, 2])
        assert.equal((await outside.store.head(STREAM)).version, 2)
        assert.deepEqual((await outside.store.feed().toArray()).map(numberOf), [1, 2])
        assert.equal(await notesOf(outside).get('new'), undefined)
      })
      assert.deepEqual(await numbersOf(outside.store), [1, 2, 3])
      assert.deepEqual((await outside.store.feed().toArray()).map(numberOf), [1, 2, 3])
      assert.equal((await notesOf(outside).get('new'))?.value.text, 'new')
    },
  },
  {
    id: 'transactions/refusals',
    laws: ['A3', 'A6', 'K1'],
    title: 'stays usable after a conflict, a repeat or a bad argument inside, which undo nothing before them',
    ...transacts,
    async run({ open }) {
      const test = await open()
      const backend = await prepared(test)
      await backend.transaction(async (transaction) => {
        const { store } = transaction
        const notes = notesOf(transaction)
        const events = [sampleEvent(3)]
        const first = await store.append(STREAM, events, { expectedVersion: 2 })
        await versionConflict(() => store.append(STREAM, [sampleEvent(9)], { expectedVersion: 2 }), {
          streamId: STREAM,
          expectedVersion: 2,
          actualVersion: 3,
        })
        await refusal(() => store.append(STREAM, [{ type: '', data: 1 }]), 'INVALID_ARGUMENT')
        assert.deepEqual(await store.append(STREAM, events, { expectedVersion: 2 }), {
          ...first,
          repeated: true,
        })
        await notes.put('new', { text: 'new' })
        await refusal(
          () => notes.put('new', { text: 'x' }, { expectedRevision: 'none' }),
          'REVISION_CONFLICT',
        )
        await store.append(STREAM, [sampleEvent(4)], { expectedVersion: 3 })
      })
      assert.deepEqual(await numbersOf(backend.store), [1, 2, 3, 4])
      assert.equal((await notesOf(backend).get('new'))?.value.text, 'new')
    },
  },
  {
    id: 'transactions/one-after-the-other',
    laws: ['A4', 'A2'],
    title:
      'lets many transactions that read and append at the version they read all through, without a lost update',
    ...transacts,
    async run({ open }) {
      const test = await open()
      const clients = [test.backend, await test.sibling()]
      await Promise.all(
        Array.from({ length: 12 }, (_, number) => {
          const client = clients[number % 2] ?? test.backend
          return client.transaction(async ({ store }) => {
            await store.append('counter:both', [sampleEvent(number)], { lockTimeoutMs: 30_000 })
            const { version } = await store.head('counter:both')
            await store.append('counter:both', [sampleEvent(number)], { expectedVersion: version })
          })
        }),
      )
      const events = await test.backend.store.read('counter:both').toArray()
      assert.equal(events.length, 24)
      for (let index = 0; index < 24; index += 2) {
        const [one, two] = events.slice(index, index + 2)
        assert.ok(one !== undefined && two !== undefined, 'an event stands alone')
        assert.equal(numberOf(one), numberOf(two), 'what one transaction appended stands together')
      }
    },
  },
  {
    id: 'transactions/over',
    laws: ['A1'],
    title: 'refuses its ports once it has ended, and waits for appends that its work did not wait for',
    ...transacts,
    async run({ open }) {
      const test = await open()
      const backend = await prepared(test)
      const failure = new Error('thrown on purpose')
      for (const error of [undefined, failure]) {
        let leaked: EventStore | undefined
        const before = (await backend.store.head(STREAM)).version
        const working = backend.transaction(async ({ store }) => {
          leaked = store
          void store.append(STREAM, [sampleEvent(0)]).catch(() => undefined)
          if (error !== undefined) throw error
        })
        await working.catch((thrown: unknown) => assert.equal(thrown, error))
        const { version } = await backend.store.head(STREAM)
        assert.equal(version, error === undefined ? before + 1 : before)
        await leavesUntouched(backend.store, [STREAM], async () => {
          await refusal(() => leaked?.append(STREAM, [sampleEvent(9)]), 'CLOSED')
          await refusal(() => leaked?.read(STREAM).toArray(), 'CLOSED')
        })
      }
    },
  },
]
