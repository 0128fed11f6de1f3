import assert from 'node:assert/strict'
import type { Backend, Capabilities } from '@eventspine/core'
import type { Case, CaseContext } from '../kit.ts'
import { refusal, refusalAtOnce, versionConflict } from '../refusal.ts'
import { sampleEvent, sampleEvents, streamsOfPartition } from '../sample-events.ts'
import { leavesUntouched } from '../untouched.ts'

const PARTITIONS = 4

interface Note {
  readonly text: string
}

const together = ({ documentsWithAppend }: Capabilities): boolean => documentsWithAppend !== 'none'

async function refusesTogether({ open, capabilities }: CaseContext): Promise<void> {
  const { store, documents } = (await open()).backend
  const notes = documents.collection<Note>('notes')
  await leavesUntouched(store, ['counter:1'], () =>
    refusalAtOnce(
      () =>
        store.commit({
          streams: [{ streamId: 'counter:1', events: [sampleEvent(1)] }],
          documents: [notes.putting('n', { text: 'x' })],
        }),
      'NOT_SUPPORTED',
    ),
  )
  if (capabilities.documents) assert.equal(await notes.get('n'), undefined)
}

function notesOf({ documents }: Backend) {
  return documents.collection<Note>('notes')
}

export const commitDocumentCases: readonly Case[] = [
  {
    id: 'commit-documents/together',
    laws: ['A11', 'A1'],
    title: 'writes documents in the commit of the events and returns their revisions',
    needs: together,
    refuses: refusesTogether,
    async run({ open }) {
      const { backend } = await open({ partitions: PARTITIONS })
      const [streamId = ''] = streamsOfPartition(2, PARTITIONS, 1)
      const notes = notesOf(backend)
      await notes.put('old', { text: 'old' }, { partition: 2 })
      const result = await backend.store.commit({
        streams: [{ streamId, events: sampleEvents(2), expectedVersion: 'none' }],
        documents: [
          notes.putting('new', { text: 'new' }, { partition: 2, expectedRevision: 'none' }),
          notes.deleting('old', { partition: 2 }),
        ],
      })
      assert.equal(result.streams[0]?.version, 2)
      const [written, deleted] = result.revisions
      assert.deepEqual(await notes.get('new', { partition: 2 }), {
        key: 'new',
        value: { text: 'new' },
        revision: written,
      })
      assert.equal(deleted, undefined)
      assert.equal(await notes.get('old', { partition: 2 }), undefined)
      const next = await backend.store.commit({
        streams: [{ streamId, events: [sampleEvent(3)] }],
        documents: [
          notes.putting(
            'new',
            { text: 'newer' },
            { partition: 2, expectedRevision: { revision: written ?? '' } },
          ),
        ],
      })
      assert.equal((await notes.get('new', { partition: 2 }))?.revision, next.revisions[0])
    },
  },
  {
    id: 'commit-documents/either-conflict',
    laws: ['A11', 'A1', 'A3', 'K1'],
    title: 'writes neither events nor documents when one side conflicts; the events’ verdict comes first',
    needs: together,
    refuses: refusesTogether,
    async run({ open }) {
      const { backend } = await open({ partitions: PARTITIONS })
      const { store } = backend
      const [streamId = ''] = streamsOfPartition(2, PARTITIONS, 1)
      const notes = notesOf(backend)
      await store.append(streamId, sampleEvents(2))
      const revision = await notes.put('n', { text: 'first' }, { partition: 2 })
      const stale = await notes.put('m', { text: 'm1' }, { partition: 2 })
      await notes.put('m', { text: 'm2' }, { partition: 2 })
      const attempt = (expectedVersion: number, expectedRevision: 'none' | { readonly revision: string }) =>
        store.commit({
          streams: [{ streamId, events: [sampleEvent(3)], expectedVersion }],
          documents: [
            notes.putting('new', { text: 'new' }, { partition: 2 }),
            notes.putting('n', { text: 'second' }, { partition: 2, expectedRevision }),
          ],
        })
      await leavesUntouched(store, [streamId], async () => {
        for (const wrong of ['none', { revision: stale }] as const) {
          await refusal(() => attempt(2, wrong), 'REVISION_CONFLICT')
          const expected = { streamId, expectedVersion: 1, actualVersion: 2 }
          await versionConflict(() => attempt(1, wrong), expected)
        }
        const expected = { streamId, expectedVersion: 1, actualVersion: 2 }
        await versionConflict(() => attempt(1, { revision }), expected)
      })
      assert.deepEqual(await notes.get('n', { partition: 2 }), {
        key: 'n',
        value: { text: 'first' },
        revision,
      })
      assert.equal(await notes.get('new', { partition: 2 }), undefined)
      await attempt(2, { revision })
      assert.equal((await notes.get('n', { partition: 2 }))?.value.text, 'second')
    },
  },
  {
    id: 'commit-documents/scope',
    laws: ['A11'],
    title: 'reaches documents of other partitions exactly where that is declared',
    needs: together,
    refuses: refusesTogether,
    async run({ open, capabilities }) {
      const { backend } = await open({ partitions: PARTITIONS })
      const [streamId = ''] = streamsOfPartition(0, PARTITIONS, 1)
      const notes = notesOf(backend)
      const commit = () =>
        backend.store.commit({
          streams: [{ streamId, events: [sampleEvent(1)] }],
          documents: [0, 3].map((partition) => notes.putting('n', { text: 'x' }, { partition })),
        })
      if (capabilities.documentsWithAppend === 'store') {
        await commit()
        for (const partition of [0, 3]) assert.equal((await notes.get('n', { partition }))?.value.text, 'x')
      } else {
        await leavesUntouched(backend.store, [streamId], () => refusalAtOnce(commit, 'NOT_SUPPORTED'))
        for (const partition of [0, 3]) assert.equal(await notes.get('n', { partition }), undefined)
      }
    },
  },
  {
    id: 'commit-documents/race',
    laws: ['A11', 'K1', 'A4'],
    title: 'lets one of many racers win that share a document’s revision but not a stream',
    needs: together,
    refuses: refusesTogether,
    async run({ open }) {
      const test = await open()
      const clients = [test.backend, await test.sibling()]
      const revision = await notesOf(test.backend).put('shared', { text: 'start' })
      const results = await Promise.allSettled(
        Array.from({ length: 10 }, (_, racer) => {
          const client = clients[racer % 2] ?? test.backend
          return client.store.commit({
            streams: [
              { streamId: `counter:${racer}`, events: [sampleEvent(racer)], expectedVersion: 'none' },
            ],
            documents: [
              notesOf(client).putting('shared', { text: String(racer) }, { expectedRevision: { revision } }),
            ],
          })
        }),
      )
      const winners = results.flatMap(({ status }, racer) => (status === 'fulfilled' ? [racer] : []))
      assert.equal(winners.length, 1)
      for (const result of results) {
        if (result.status === 'rejected')
          await refusal(() => Promise.reject(result.reason as Error), 'REVISION_CONFLICT')
      }
      assert.equal((await notesOf(test.backend).get('shared'))?.value.text, String(winners[0]))
      const events = await test.backend.store.feed().toArray()
      assert.deepEqual(
        events.map((event) => event.streamId),
        winners.map((racer) => `counter:${racer}`),
      )
    },
  },
  {
    id: 'commit-documents/limits',
    laws: ['A9', 'A11'],
    title: 'refuses more documents in a commit, or larger ones, than declared, before any I/O',
    needs: together,
    refuses: refusesTogether,
    async run({ open, capabilities }) {
      const { backend } = await open()
      const notes = notesOf(backend)
      const streams = [{ streamId: 'counter:1', events: [sampleEvent(1)] }]
      const tooMany = Array.from({ length: capabilities.maxBatchDocuments + 1 }, (_, index) =>
        notes.putting(`n${index}`, { text: 'x' }),
      )
      const tooLarge = [notes.putting('n', { text: 'x'.repeat(capabilities.maxDocumentBytes) })]
      await leavesUntouched(backend.store, ['counter:1'], async () => {
        await refusalAtOnce(
          () => backend.store.commit({ streams, documents: tooMany }),
          'LIMIT_EXCEEDED',
          'documents',
        )
        const call = () => backend.store.commit({ streams, documents: tooLarge })
        await refusalAtOnce(call, 'LIMIT_EXCEEDED', 'documents[0].value')
      })
      assert.equal(await notes.get('n'), undefined)
    },
  },
]
