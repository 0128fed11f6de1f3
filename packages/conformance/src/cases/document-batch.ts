import assert from 'node:assert/strict'
import type { Backend, Capabilities } from '@eventspine/core'
import { alongside } from '../alongside.ts'
import type { Case, CaseContext } from '../kit.ts'
import { refusal, refusalAtOnce } from '../refusal.ts'
import type { Note } from './documents.ts'
import { turn } from '../turn.ts'

const PARTITIONS = 4

function notesOf({ documents }: Backend) {
  return documents.collection<Note>('notes')
}

async function refusesBatch({ open }: CaseContext): Promise<void> {
  const { backend } = await open()
  const notes = notesOf(backend)
  const batch = ['a', 'b'].map((key) => notes.putting(key, { text: key }, { partition: 0 }))
  await refusalAtOnce(() => backend.documents.batch(batch), 'NOT_SUPPORTED')
}

const batches = {
  needs: ({ documents, documentBatch }: Capabilities) => documents && documentBatch !== 'none',
  refuses: refusesBatch,
}

/** The partitions that one batch may reach. */
function reach({ documentBatch }: Capabilities): readonly number[] {
  return documentBatch === 'store' ? [0, 1, 2, 3] : [2, 2, 2, 2]
}

export const documentBatchCases: readonly Case[] = [
  {
    id: 'document-batch/together',
    laws: ['K2', 'K1'],
    title: 'writes puts and deletes of a batch and returns their revisions in order',
    ...batches,
    async run({ open, capabilities }) {
      const { backend } = await open({ partitions: PARTITIONS })
      const notes = notesOf(backend)
      const others = backend.documents.collection<Note>('others')
      const [p0 = 0, p1 = 0, p2 = 0] = reach(capabilities)
      await notes.put('old', { text: 'old' }, { partition: p2 })
      const [a, old, b] = await backend.documents.batch([
        notes.putting('a', { text: 'a' }, { partition: p0, expectedRevision: 'none' }),
        notes.deleting('old', { partition: p2 }),
        others.putting('a', { text: 'b' }, { partition: p1 }),
      ])
      assert.equal(old, undefined)
      assert.deepEqual(await notes.get('a', { partition: p0 }), {
        key: 'a',
        value: { text: 'a' },
        revision: a,
      })
      assert.deepEqual(await others.get('a', { partition: p1 }), {
        key: 'a',
        value: { text: 'b' },
        revision: b,
      })
      assert.equal(await notes.get('old', { partition: p2 }), undefined)
      assert.deepEqual(await backend.documents.batch([]), [])
    },
  },
  {
    id: 'document-batch/one-conflict',
    laws: ['K2', 'K1'],
    title: 'writes nothing of a batch of which one document is at another revision, whichever it is',
    ...batches,
    async run({ open, capabilities }) {
      const { backend } = await open({ partitions: PARTITIONS })
      const notes = notesOf(backend)
      const partitions = reach(capabilities)
      const keys = ['a', 'b', 'c', 'd']
      const revisions: string[] = []
      for (const [index, key] of keys.entries()) {
        revisions.push(await notes.put(key, { text: 'first' }, { partition: partitions[index] }))
      }
      for (const wrong of keys) {
        for (const kind of ['put', 'delete'] as const) {
          const writes = keys.map((key, index) => {
            const expectedRevision = key === wrong ? 'none' : { revision: revisions[index] ?? '' }
            const options = { partition: partitions[index], expectedRevision } as const
            return kind === 'put'
              ? notes.putting(key, { text: 'second' }, options)
              : notes.deleting(key, options)
          })
          await refusal(() => backend.documents.batch(writes), 'REVISION_CONFLICT')
          for (const [index, key] of keys.entries()) {
            const document = await notes.get(key, { partition: partitions[index] })
            assert.deepEqual([document?.value.text, document?.revision], ['first', revisions[index]])
          }
        }
      }
    },
  },
  {
    id: 'document-batch/never-half-visible',
    laws: ['K2'],
    title: 'never shows one document of a batch without the other',
    ...batches,
    async run({ open, capabilities }) {
      const test = await open({ partitions: PARTITIONS })
      const [left = 0, right = 0] = reach(capabilities)
      const counts = (backend: Backend) => backend.documents.collection<{ readonly count: number }>('counts')
      const writer = counts(test.backend)
      const reader = counts(await test.sibling())
      const countOf = async (key: string, partition: number) =>
        (await reader.get(key, { partition }))?.value.count ?? 0
      const watch = async (ended: () => boolean): Promise<void> => {
        while (!ended()) {
          // What was read first cannot be ahead of what was read after it: both grow together.
          const before = await countOf('left', left)
          const other = await countOf('right', right)
          const after = await countOf('left', left)
          assert.ok(before <= other && other <= after, `${before}, ${other}, ${after}`)
          await turn()
        }
      }
      await alongside(watch, async () => {
        for (let count = 1; count <= 60; count++) {
          await test.backend.documents.batch([
            writer.putting('left', { count }, { partition: left }),
            writer.putting('right', { count }, { partition: right }),
          ])
          await turn()
        }
      })
    },
  },
  {
    id: 'document-batch/crossing',
    laws: ['K2'],
    title:
      'lets batches over the same documents in opposite order all through: they wait, they do not deadlock',
    ...batches,
    async run({ open, capabilities }) {
      const test = await open({ partitions: PARTITIONS })
      const clients = [test.backend, await test.sibling()]
      const partitions = reach(capabilities)
      await Promise.all(
        Array.from({ length: 40 }, (_, number) => {
          const client = clients[number % 2] ?? test.backend
          const writes = partitions.map((partition, index) =>
            notesOf(client).putting(`note-${index}`, { text: String(number) }, { partition }),
          )
          return client.documents.batch(number % 2 === 0 ? writes : writes.toReversed())
        }),
      )
      const found = await Promise.all(
        partitions.map((partition, index) => notesOf(test.backend).get(`note-${index}`, { partition })),
      )
      assert.equal(
        new Set(found.map((document) => document?.value.text)).size,
        1,
        'the last batch won everywhere',
      )
    },
  },
  {
    id: 'document-batch/scope',
    laws: ['K2'],
    title: 'reaches over partitions exactly where that is declared',
    ...batches,
    async run({ open, capabilities }) {
      const { backend } = await open({ partitions: PARTITIONS })
      const notes = notesOf(backend)
      const batch = () =>
        backend.documents.batch([0, 3].map((partition) => notes.putting('n', { text: 'x' }, { partition })))
      if (capabilities.documentBatch === 'store') await batch()
      else await refusalAtOnce(batch, 'NOT_SUPPORTED')
      const expected = capabilities.documentBatch === 'store' ? 'x' : undefined
      for (const partition of [0, 3])
        assert.equal((await notes.get('n', { partition }))?.value.text, expected)
    },
  },
  {
    id: 'document-batch/limits',
    laws: ['A9', 'K2'],
    title: 'takes as many documents in a batch as declared, and refuses one more or one twice before any I/O',
    timeoutMs: 120_000,
    ...batches,
    async run({ open, capabilities }) {
      const { backend } = await open()
      const notes = notesOf(backend)
      const writes = Array.from({ length: capabilities.maxBatchDocuments + 1 }, (_, index) =>
        notes.putting(`n${index}`, { text: String(index) }),
      )
      await refusalAtOnce(() => backend.documents.batch(writes), 'LIMIT_EXCEEDED', 'writes')
      const twice = [notes.putting('n', { text: 'x' }), notes.deleting('n')]
      await refusalAtOnce(() => backend.documents.batch(twice), 'INVALID_ARGUMENT', 'writes[1].key')
      assert.equal(await notes.get('n0'), undefined)
      const most = writes.slice(0, capabilities.maxBatchDocuments)
      const revisions = await backend.documents.batch(most)
      assert.equal(new Set(revisions).size, most.length)
      assert.equal((await notes.get(`n${most.length - 1}`))?.value.text, String(most.length - 1))
    },
  },
]
