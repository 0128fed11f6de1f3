import assert from 'node:assert/strict'
import type { Capabilities, DocumentCollection } from '@eventspine/core'
import { alongside } from '../alongside.ts'
import type { Case, CaseContext } from '../kit.ts'
import { Random } from '../random.ts'
import { refusal, refusalAtOnce } from '../refusal.ts'
import { turn } from '../turn.ts'
import type { Note } from './documents.ts'

/** In the order of their UTF-8 bytes, which is not that of UTF-16 units: supplementary characters come last. */
const KEYS = [
  ' ',
  '%',
  '%a',
  '*',
  '0',
  '10',
  '9',
  'A',
  'Z',
  '\\',
  '\\%',
  '_',
  '_a',
  'a',
  'a%',
  'a%b',
  'a\\',
  'a\\b',
  'a_',
  'a_b',
  'aa',
  'ab',
  'b',
  'e\u0301',
  'z',
  '~',
  '\u00e9',
  '\u00ff',
  '\u0100',
  '\u4e2d',
  '\ufb00',
  '\uff5e',
  '\uffee',
  '\u{10000}',
  '\u{1f984}',
  '\u{1f984}a',
  '\u{10ffff}',
]

async function refusesListing({ open }: CaseContext): Promise<void> {
  const { documents } = (await open()).backend
  await refusalAtOnce(() => documents.collection('notes', { listed: true }), 'NOT_SUPPORTED')
}

const lists = {
  needs: ({ documents, listing }: Capabilities) => documents && listing !== 'none',
  refuses: refusesListing,
}

async function keysOf(
  notes: DocumentCollection<Note>,
  options?: Parameters<typeof notes.list>[0],
): Promise<string[]> {
  const keys: string[] = []
  for await (const { key, value } of notes.list(options)) {
    assert.equal(value.text, `text of ${key}`)
    keys.push(key)
  }
  return keys
}

/** An unordered listing is held to the set, an ordered one to the order too. */
function assertKeys(
  capabilities: Capabilities,
  actual: readonly string[],
  expected: readonly string[],
  what: string,
): void {
  if (capabilities.listing === 'ordered') assert.deepEqual(actual, expected, what)
  else assert.deepEqual(actual.toSorted(), expected.toSorted(), what)
}

export const documentListingCases: readonly Case[] = [
  {
    id: 'document-listing/order',
    laws: ['K4'],
    title: 'lists keys in the declared order, in pages of any size, with their values and revisions',
    ...lists,
    async run({ open, capabilities, seed }) {
      const { documents } = (await open()).backend
      const notes = documents.collection<Note>('notes', { listed: true })
      for (const key of new Random(seed).shuffle(KEYS)) await notes.put(key, { text: `text of ${key}` })
      await documents.collection<Note>('note', { listed: true }).put('x', { text: 'other' })
      await documents.collection<Note>('notes2', { listed: true }).put('y', { text: 'other' })
      for (const pageSize of [1, 2, 5, KEYS.length - 1, KEYS.length, KEYS.length + 1, undefined]) {
        assertKeys(capabilities, await keysOf(notes, { pageSize }), KEYS, `pages of ${pageSize}`)
      }
      for await (const { key, revision } of notes.list())
        assert.equal(revision, (await notes.get(key))?.revision)
    },
  },
  {
    id: 'document-listing/prefix',
    laws: ['K4'],
    title: 'lists by prefix, to the letter: %, _ and \\ stand for themselves',
    ...lists,
    async run({ open, capabilities }) {
      const { documents } = (await open()).backend
      const notes = documents.collection<Note>('notes', { listed: true })
      for (const key of KEYS) await notes.put(key, { text: `text of ${key}` })
      const prefixes = [
        '',
        'a',
        'a%',
        'a_',
        'a\\',
        '%',
        '_',
        '\\',
        '\\%',
        'e',
        '\u00e9',
        '\u{1f984}',
        '\uff5e',
        'nothing',
        'ab',
      ]
      for (const prefix of prefixes) {
        for (const pageSize of [1, 3, undefined]) {
          const expected = KEYS.filter((key) => key.startsWith(prefix))
          assertKeys(
            capabilities,
            await keysOf(notes, { prefix, pageSize }),
            expected,
            JSON.stringify(prefix),
          )
        }
      }
    },
  },
  {
    id: 'document-listing/partitions',
    laws: ['K4'],
    title: 'lists one partition or all, each document once',
    ...lists,
    async run({ open, capabilities }) {
      const test = await open({ partitions: 4 })
      const notes = test.backend.documents.collection<Note>('notes', { listed: true })
      const keys = Array.from({ length: 30 }, (_, index) => `note-${String(index).padStart(2, '0')}`)
      for (const [index, key] of keys.entries())
        await notes.put(key, { text: `text of ${key}` }, { partition: index % 3 })
      for (const partition of [0, 1, 2, 3]) {
        const expected = keys.filter((_, index) => index % 3 === partition)
        assertKeys(
          capabilities,
          await keysOf(notes, { partition, pageSize: 4 }),
          expected,
          `partition ${partition}`,
        )
      }
      const reopened = (await test.reopen()).documents.collection<Note>('notes', { listed: true })
      assert.deepEqual((await keysOf(reopened, { pageSize: 7 })).sort(), keys)
    },
  },
  {
    id: 'document-listing/changes',
    laws: ['K4', 'R4'],
    title:
      'follows puts and deletes, lists what stayed exactly once while others come and go, and may be left early',
    ...lists,
    async run({ open, capabilities }) {
      const test = await open()
      const notes = test.backend.documents.collection<Note>('notes', { listed: true })
      const other = (await test.sibling()).documents.collection<Note>('notes', { listed: true })
      const stays = Array.from({ length: 20 }, (_, index) => `k${String(index * 5).padStart(3, '0')}`)
      for (const key of stays) await notes.put(key, { text: `text of ${key}` })
      const comesAndGoes = async (): Promise<void> => {
        for (let number = 1; number < 95; number += 5) {
          const key = `k${String(number).padStart(3, '0')}`
          await other.put(key, { text: `text of ${key}` })
          if (number % 2 === 0) await other.delete(key)
          await turn()
        }
      }
      const seen = await alongside(comesAndGoes, () => keysOf(notes, { pageSize: 3 }))
      assertKeys(
        capabilities,
        seen.filter((key) => stays.includes(key)),
        stays,
        'what stayed',
      )
      for (const key of stays) await notes.delete(key)
      const left = Array.from({ length: 19 }, (_, index) => index * 5 + 1).filter(
        (number) => number % 2 === 1,
      )
      assertKeys(
        capabilities,
        await keysOf(notes),
        left.map((number) => `k${String(number).padStart(3, '0')}`),
        'left',
      )
      for await (const document of notes.list({ pageSize: 2 })) {
        assert.ok(document.key.startsWith('k'), 'another key was listed')
        break
      }
      await notes.put('k999', { text: 'text of k999' })
      assert.ok((await keysOf(notes)).includes('k999'), 'the last key was not listed')
    },
  },
  {
    id: 'document-listing/not-listed',
    laws: ['K4'],
    title: 'refuses to list a collection that was not opened as listed',
    ...lists,
    async run({ open }) {
      const { documents } = (await open()).backend
      const notes = documents.collection<Note>('notes')
      await notes.put('n', { text: 'text of n' })
      await refusal(() => keysOf(notes), 'NOT_SUPPORTED')
    },
  },
]
