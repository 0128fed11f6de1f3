import assert from 'node:assert/strict'
import type { DocumentOptions, DocumentWrite, PutOptions } from '@eventspine/core'
import type { Case } from '../kit.ts'
import { refusalAtOnce } from '../refusal.ts'
import { keepsDocuments, type Note } from './documents.ts'

const BAD_NAMES: readonly unknown[] = [
  '',
  'a\u0000',
  'a\nb',
  '\u0085',
  '\ud800',
  'x\udc00',
  undefined,
  null,
  7,
  {},
]
const BAD_COUNTS: readonly unknown[] = [-1, 0.5, Number.NaN, Infinity, '1', 1n, null, {}]

export const documentArgumentCases: readonly Case[] = [
  {
    id: 'document-arguments/names',
    laws: ['A9'],
    title:
      'takes keys of as many UTF-8 bytes as declared, and refuses longer and broken names before any I/O',
    ...keepsDocuments,
    async run({ open, capabilities }) {
      const { documents } = (await open()).backend
      const notes = documents.collection<Note>('notes')
      const { maxKeyBytes } = capabilities
      const longest = ['k'.repeat(maxKeyBytes), '€'.repeat(maxKeyBytes / 3) + 'k'.repeat(maxKeyBytes % 3)]
      for (const key of longest) {
        assert.equal(Buffer.byteLength(key), maxKeyBytes)
        await notes.put(key, { text: 'x' })
        assert.equal((await notes.get(key))?.key, key)
      }
      // What a program without types could pass.
      for (const bad of [...BAD_NAMES, ...longest.map((key) => `${key}k`)] as string[]) {
        await refusalAtOnce(() => notes.put(bad, { text: 'x' }), 'INVALID_ARGUMENT', 'key')
        await refusalAtOnce(() => notes.delete(bad), 'INVALID_ARGUMENT', 'key')
        await refusalAtOnce(() => notes.get(bad), 'INVALID_ARGUMENT', 'key')
        await refusalAtOnce(() => notes.getMany(['good', bad]), 'INVALID_ARGUMENT', 'keys[1]')
        const batch = [notes.putting('good', { text: 'x' }), notes.putting(bad, { text: 'x' })]
        const scoped = capabilities.documentBatch === 'none' ? undefined : 'writes[1].key'
        if (scoped !== undefined)
          await refusalAtOnce(() => documents.batch(batch), 'INVALID_ARGUMENT', scoped)
      }
      assert.equal(await notes.get('good'), undefined)
      for (const bad of [...BAD_NAMES, 'c'.repeat(101)] as string[]) {
        await refusalAtOnce(() => documents.collection(bad), 'INVALID_ARGUMENT', 'name')
      }
    },
  },
  {
    id: 'document-arguments/options',
    laws: ['K1', 'K3'],
    title:
      'refuses partitions, revisions, expiries and values that are none, before any I/O, naming the option',
    ...keepsDocuments,
    async run({ open, capabilities }) {
      const { documents } = (await open({ partitions: 2 })).backend
      const notes = documents.collection<Note>('notes')
      const value = { text: 'x' }
      for (const partition of [2, ...BAD_COUNTS]) {
        const options = { partition } as DocumentOptions
        await refusalAtOnce(() => notes.put('n', value, options), 'INVALID_ARGUMENT', 'partition')
        await refusalAtOnce(() => notes.get('n', options), 'INVALID_ARGUMENT', 'partition')
        await refusalAtOnce(() => notes.delete('n', options), 'INVALID_ARGUMENT', 'partition')
      }
      for (const expectedRevision of ['exists', 'Any', 1, null, {}, { revision: 1 }]) {
        const options = { expectedRevision } as PutOptions
        await refusalAtOnce(() => notes.put('n', value, options), 'INVALID_ARGUMENT', 'expectedRevision')
        await refusalAtOnce(() => notes.delete('n', options), 'INVALID_ARGUMENT', 'expectedRevision')
      }
      if (capabilities.expiry) {
        for (const expiresInMs of [0, Number.MAX_SAFE_INTEGER, ...BAD_COUNTS]) {
          const options = { expiresInMs } as PutOptions
          await refusalAtOnce(() => notes.put('n', value, options), 'INVALID_ARGUMENT', 'expiresInMs')
        }
      }
      const missing = undefined as unknown as Note
      await refusalAtOnce(() => notes.put('n', missing), 'INVALID_ARGUMENT', 'value')
      await refusalAtOnce(() => notes.getMany('n' as unknown as string[]), 'INVALID_ARGUMENT', 'keys')
      for (const writes of [undefined, null, {}, 'n']) {
        const call = () => documents.batch(writes as readonly DocumentWrite[])
        await refusalAtOnce(call, 'INVALID_ARGUMENT', 'writes')
      }
      assert.equal(await notes.get('n'), undefined)
    },
  },
  {
    id: 'document-arguments/listing',
    laws: ['K4'],
    title:
      'refuses prefixes, pages and partitions of a listing that are none, before any I/O, naming the option',
    needs: ({ documents, listing }) => documents && listing !== 'none',
    refuses: async ({ open }) => {
      const { documents } = (await open()).backend
      await refusalAtOnce(() => documents.collection('notes', { listed: true }), 'NOT_SUPPORTED')
    },
    async run({ open }) {
      const { documents } = (await open({ partitions: 2 })).backend
      const notes = documents.collection<Note>('notes', { listed: true })
      const wrong: Record<string, readonly unknown[]> = {
        prefix: [7, null, {}, 'a\u0000', '\ud83e', 'x'.repeat(100_000)],
        pageSize: [0, 10_001, ...BAD_COUNTS],
        partition: [2, ...BAD_COUNTS],
      }
      for (const [field, values] of Object.entries(wrong)) {
        for (const value of values) {
          const list = async (): Promise<void> => {
            for await (const { key } of notes.list({ [field]: value })) assert.fail(key)
          }
          await refusalAtOnce(list, 'INVALID_ARGUMENT', field)
        }
      }
    },
  },
  {
    id: 'document-arguments/value-bytes',
    laws: ['A9', 'R5'],
    title: 'takes a document of as many UTF-8 bytes as declared, and refuses one more before any I/O',
    timeoutMs: 120_000,
    ...keepsDocuments,
    async run({ open, capabilities }) {
      const { documents } = (await open()).backend
      const texts = documents.collection<string>('texts')
      const left = capabilities.maxDocumentBytes - 2
      const most = '€'.repeat(Math.floor(left / 3)) + 'x'.repeat(left % 3)
      await refusalAtOnce(() => texts.put('n', `${most}x`), 'LIMIT_EXCEEDED', 'value')
      assert.equal(await texts.get('n'), undefined)
      await texts.put('n', most)
      assert.ok((await texts.get('n'))?.value === most, 'the largest value came back changed')
    },
  },
]
