import assert from 'node:assert/strict'
import {
  type Document,
  type DocumentCollection,
  EventStoreError,
  type RevisionExpectation,
} from '@eventspine/core'
import { eachClient } from '../each-client.ts'
import type { Case, CaseContext } from '../kit.ts'
import { refusal, refusalAtOnce } from '../refusal.ts'

export interface Note {
  readonly text: string
}

/** Where there are no documents, every verb says so. */
async function refusesDocuments({ open }: CaseContext): Promise<void> {
  const { documents } = (await open()).backend
  const notes = documents.collection<Note>('notes')
  const calls = [
    () => notes.get('n'),
    () => notes.getMany(['n']),
    () => notes.put('n', { text: 'x' }),
    () => notes.delete('n'),
    () => documents.batch([notes.putting('n', { text: 'x' })]),
  ]
  for (const call of calls) await refusalAtOnce(call, 'NOT_SUPPORTED')
}

export const keepsDocuments = {
  needs: (capabilities: { readonly documents: boolean }) => capabilities.documents,
  refuses: refusesDocuments,
}

async function textOf(
  notes: DocumentCollection<Note>,
  key: string,
  partition?: number,
): Promise<string | undefined> {
  return (await notes.get(key, { partition }))?.value.text
}

export const documentCases: readonly Case[] = [
  {
    id: 'documents/write-read',
    laws: ['K1', 'A5', 'R1'],
    title: 'gives back what was put, to every client and after a restart, and nothing where nothing is',
    ...keepsDocuments,
    async run({ open }) {
      const test = await open()
      const notes = test.backend.documents.collection<Note>('notes')
      assert.equal(await notes.get('n'), undefined)
      const first = await notes.put('n', { text: 'one' })
      const second = await notes.put('n', { text: 'two' })
      assert.notEqual(first, second)
      await notes.put('gone', { text: 'x' })
      await notes.delete('gone')
      await notes.delete('never')
      for await (const backend of eachClient(test)) {
        const again = backend.documents.collection<Note>('notes')
        assert.deepEqual(await again.get('n'), { key: 'n', value: { text: 'two' }, revision: second })
        assert.equal(await again.get('gone'), undefined)
        assert.deepEqual(await again.getMany(['gone', 'n', 'never', 'n']), [
          undefined,
          { key: 'n', value: { text: 'two' }, revision: second },
          undefined,
          { key: 'n', value: { text: 'two' }, revision: second },
        ])
        assert.deepEqual(await again.getMany([]), [])
      }
    },
  },
  {
    id: 'documents/addresses',
    laws: ['K1'],
    title: 'keeps apart documents by collection, partition and key, however alike their names',
    timeoutMs: 150_000,
    ...keepsDocuments,
    async run({ open }) {
      const { documents } = (await open({ partitions: 4 })).backend
      const names = [
        'n',
        'N',
        'n ',
        'n:',
        ':n',
        'n%',
        'n_',
        'é',
        'e\u0301',
        '🦄',
        "n'--",
        'n\\',
        'n/0',
        '$n',
        '@n',
        'n.n',
      ]
      const addresses = names.flatMap((collection) =>
        ['k', ...names].flatMap((key) => [0, 3].map((partition) => ({ collection, key, partition }))),
      )
      for (const { collection, key, partition } of addresses) {
        const text = JSON.stringify([collection, key, partition])
        await documents
          .collection<Note>(collection)
          .put(key, { text }, { partition, expectedRevision: 'none' })
      }
      for (const { collection, key, partition } of addresses) {
        const text = JSON.stringify([collection, key, partition])
        assert.equal(await textOf(documents.collection(collection), key, partition), text)
        assert.equal(await textOf(documents.collection(collection), key, 1), undefined)
      }
    },
  },
  {
    id: 'documents/default-partition',
    laws: ['K1', 'F1'],
    title: 'finds a document again that was put without a partition',
    ...keepsDocuments,
    async run({ open }) {
      const test = await open({ partitions: 16 })
      const notes = test.backend.documents.collection<Note>('notes')
      const keys = Array.from({ length: 40 }, (_, index) => `note-${index}`)
      for (const key of keys) await notes.put(key, { text: key })
      const again = (await test.reopen()).documents.collection<Note>('notes')
      const found = await again.getMany(keys)
      assert.deepEqual(
        found.map((document) => document?.value.text),
        keys,
      )
      for (const key of keys) await again.delete(key)
      assert.ok(
        (await again.getMany(keys)).every((document) => document === undefined),
        'a document is left',
      )
    },
  },
  {
    id: 'documents/expected-revision',
    laws: ['K1'],
    title: 'holds puts and deletes to the expected revision, and a refusal writes nothing',
    ...keepsDocuments,
    async run({ open }) {
      const { documents } = (await open()).backend
      const notes = documents.collection<Note>('notes')
      const one = await notes.put('n', { text: 'one' }, { expectedRevision: 'none' })
      const two = await notes.put('n', { text: 'two' }, { expectedRevision: { revision: one } })
      const foreign = await notes.put('m', { text: 'm' })
      for (const expectedRevision of [
        'none',
        { revision: one },
        { revision: foreign },
        { revision: 'nonsense' },
      ] as const) {
        if (typeof expectedRevision === 'object' && expectedRevision.revision === two) continue
        for (const call of [
          () => notes.put('n', { text: 'three' }, { expectedRevision }),
          () => notes.delete('n', { expectedRevision }),
        ]) {
          const error = await refusal(call, 'REVISION_CONFLICT')
          assert.ok(
            EventStoreError.is(error, 'REVISION_CONFLICT'),
            `expected REVISION_CONFLICT, got ${String(error)}`,
          )
          assert.deepEqual([error.collection, error.key], ['notes', 'n'])
        }
      }
      for (const expectedRevision of [{ revision: two }, { revision: '' }]) {
        await refusal(() => notes.put('missing', { text: 'x' }, { expectedRevision }), 'REVISION_CONFLICT')
        await refusal(() => notes.delete('missing', { expectedRevision }), 'REVISION_CONFLICT')
      }
      await notes.delete('missing', { expectedRevision: 'none' })
      assert.deepEqual(await notes.get('n'), { key: 'n', value: { text: 'two' }, revision: two })
      assert.equal(await notes.get('missing'), undefined)
      await notes.delete('n', { expectedRevision: { revision: two } })
      assert.equal(await notes.get('n'), undefined)
    },
  },
  {
    id: 'documents/revisions-never-repeat',
    laws: ['K1'],
    title: 'never gives a revision twice, also not after a delete, for an equal value or after a restart',
    ...keepsDocuments,
    async run({ open }) {
      const test = await open()
      const seen = new Set<string>()
      let backend = test.backend
      for (let round = 0; round < 12; round++) {
        const notes = backend.documents.collection<Note>('notes')
        const [put, again] = [await notes.put('n', { text: 'same' }), await notes.put('n', { text: 'same' })]
        seen.add(put).add(again)
        assert.equal((await notes.get('n'))?.revision, again)
        await notes.delete('n')
        for (const revision of seen) {
          await refusal(
            () => notes.put('n', { text: 'late' }, { expectedRevision: { revision } }),
            'REVISION_CONFLICT',
          )
        }
        if (round === 5) backend = await test.reopen()
      }
      assert.equal(seen.size, 24)
    },
  },
  {
    id: 'documents/racing',
    laws: ['K1'],
    title: 'lets exactly one of many racers of two clients win at a revision, and one create a document',
    ...keepsDocuments,
    async run({ open }) {
      const test = await open()
      const clients = [test.backend, await test.sibling()].map(({ documents }) =>
        documents.collection<Note>('notes'),
      )
      const [notes] = clients
      assert.ok(notes !== undefined, 'no client was opened')
      let expected: RevisionExpectation = 'none'
      for (let round = 0; round < 8; round++) {
        const expectedRevision: RevisionExpectation = expected
        const results: readonly PromiseSettledResult<string>[] = await Promise.allSettled(
          Array.from({ length: 12 }, (_, racer) =>
            (clients[racer % 2] ?? notes).put('n', { text: `${round}-${racer}` }, { expectedRevision }),
          ),
        )
        const winners = results.flatMap(({ status }, racer) => (status === 'fulfilled' ? [racer] : []))
        assert.equal(winners.length, 1, `${winners.length} racers won`)
        for (const result of results) {
          if (result.status === 'rejected')
            assert.ok(EventStoreError.is(result.reason, 'REVISION_CONFLICT'), String(result.reason))
        }
        const current: Document<Note> | undefined = await notes.get('n')
        assert.equal(current?.value.text, `${round}-${winners[0]}`)
        expected = { revision: current?.revision ?? '' }
      }
    },
  },
  {
    id: 'documents/no-lost-update',
    laws: ['K1', 'R1'],
    title: 'loses no update when clients get, change and put at the revision, and try again on a conflict',
    ...keepsDocuments,
    async run({ open }) {
      const test = await open()
      const clients = [test.backend, await test.sibling()].map(({ documents }) =>
        documents.collection<{ readonly count: number }>('counts'),
      )
      const increment = async (counts: (typeof clients)[number]): Promise<void> => {
        for (;;) {
          const current = await counts.get('sum')
          const expectedRevision = current === undefined ? 'none' : { revision: current.revision }
          try {
            await counts.put('sum', { count: (current?.value.count ?? 0) + 1 }, { expectedRevision })
            return
          } catch (error) {
            if (!EventStoreError.is(error, 'REVISION_CONFLICT')) throw error
          }
        }
      }
      await Promise.all(
        [...clients, ...clients].map(async (counts) => {
          for (let time = 0; time < 15; time++) await increment(counts)
        }),
      )
      assert.equal((await clients[0]?.get('sum'))?.value.count, 60)
    },
  },
]
