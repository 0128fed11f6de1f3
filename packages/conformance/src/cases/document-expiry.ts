import assert from 'node:assert/strict'
import type { Capabilities } from '@eventspine/core'
import { eventually } from '../eventually.ts'
import { eachClient } from '../each-client.ts'
import type { Case, CaseContext } from '../kit.ts'
import { refusal, refusalAtOnce } from '../refusal.ts'
import { type Note } from './documents.ts'

/** Longer than any case runs. */
const NEVER_MS = 86_400_000

async function refusesExpiry({ open }: CaseContext): Promise<void> {
  const { documents } = (await open()).backend
  const notes = documents.collection<Note>('notes')
  await refusalAtOnce(() => notes.put('n', { text: 'x' }, { expiresInMs: 1000 }), 'NOT_SUPPORTED')
}

const expires = {
  needs: ({ documents, expiry }: Capabilities) => documents && expiry,
  refuses: refusesExpiry,
}

export const documentExpiryCases: readonly Case[] = [
  {
    id: 'document-expiry/not-returned',
    laws: ['K3'],
    title:
      'does not return an expired document: not by get, getMany or list, to no client, and keeps the others',
    ...expires,
    async run({ open, capabilities }) {
      const test = await open()
      const listed = capabilities.listing !== 'none'
      const notes = test.backend.documents.collection<Note>('notes', { listed })
      await notes.put('short', { text: 'x' }, { expiresInMs: 50, partition: 0 })
      await notes.put('long', { text: 'y' }, { expiresInMs: NEVER_MS, partition: 0 })
      await notes.put('kept', { text: 'z' }, { partition: 0 })
      await eventually(
        'the document has expired',
        async () => (await notes.get('short', { partition: 0 })) === undefined,
      )
      for await (const client of eachClient(test)) {
        const again = client.documents.collection<Note>('notes', { listed })
        const found = await again.getMany(['short', 'long', 'kept'], { partition: 0 })
        assert.deepEqual(
          found.map((document) => document?.value.text),
          [undefined, 'y', 'z'],
        )
        if (!listed) continue
        const keys: string[] = []
        for await (const { key } of again.list({ partition: 0, pageSize: 1 })) keys.push(key)
        assert.deepEqual(keys.sort(), ['kept', 'long'])
      }
    },
  },
  {
    id: 'document-expiry/is-absent',
    laws: ['K3', 'K1'],
    title: 'takes an expired document for absent in every expectation, and gives its revision to no other',
    ...expires,
    async run({ open }) {
      const { documents } = (await open()).backend
      const notes = documents.collection<Note>('notes')
      const seen = new Set<string>()
      for (let round = 0; round < 5; round++) {
        const revision = await notes.put('n', { text: 'short' }, { expiresInMs: 1, expectedRevision: 'none' })
        seen.add(revision)
        await eventually('the document has expired', async () => (await notes.get('n')) === undefined)
        for (const late of seen) {
          const expectedRevision = { revision: late }
          await refusal(() => notes.put('n', { text: 'late' }, { expectedRevision }), 'REVISION_CONFLICT')
          await refusal(() => notes.delete('n', { expectedRevision }), 'REVISION_CONFLICT')
        }
      }
      assert.equal(seen.size, 5, 'a revision was given twice')
    },
  },
  {
    id: 'document-expiry/renewed',
    laws: ['K3'],
    title: 'lets each put decide anew when a document expires, or that it never does',
    ...expires,
    async run({ open }) {
      const { documents } = (await open()).backend
      const notes = documents.collection<Note>('notes')
      await notes.put('forever', { text: 'x' }, { expiresInMs: 20 })
      await notes.put('forever', { text: 'y' })
      await notes.put('longer', { text: 'x' }, { expiresInMs: 20 })
      await notes.put('longer', { text: 'y' }, { expiresInMs: NEVER_MS })
      await notes.put('shorter', { text: 'x' })
      await notes.put('shorter', { text: 'y' }, { expiresInMs: 20 })
      await eventually(
        'the shortened document has expired',
        async () => (await notes.get('shorter')) === undefined,
      )
      for (const key of ['forever', 'longer']) assert.equal((await notes.get(key))?.value.text, 'y')
    },
  },
]
