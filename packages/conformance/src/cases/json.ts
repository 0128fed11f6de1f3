import assert from 'node:assert/strict'
import { runInNewContext } from 'node:vm'
import type { Case } from '../kit.ts'
import { refusalAtOnce } from '../refusal.ts'
import { leavesUntouched } from '../untouched.ts'

/** Nesting that core allows, counted in objects and arrays below each other. */
const MAX_DEPTH = 200

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { in: value }
  return value
}

const everyCharacter = Array.from({ length: 0x500 }, (_, code) => String.fromCharCode(code)).join('')

/** Values that come back deep-equal. */
const KEPT: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  0.1,
  0.1 + 0.2,
  -1.5e-7,
  5e-324,
  1.25e300 / 1e299,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  123_456_789.123_456_79,
  '',
  'null',
  '2024-02-29T12:00:00.000Z',
  '\u0000',
  '\\u0000',
  'a\nb\r\nc\td\u2028e\u2029f\u0085g\u007f',
  '"\\/{}[]\'`$1 \\n',
  '\ud800 and \udc00, alone',
  '\udc00\ud800',
  '🦄 👩‍👩‍👧‍👦 e\u0301 é ﷽ \ufeff\uffff',
  everyCharacter,
  'long '.repeat(20_000),
  [],
  {},
  [[]],
  [{}],
  { a: [] },
  [null, [null, [null]]],
  [1, 'two', true, null, { three: [4.5] }],
  {
    '': 'empty key',
    ' ': 'space',
    'a.b': 1,
    'a"b': 2,
    'a\\b': 3,
    'a\nb': 4,
    '\u0000': 5,
    $ref: 6,
    constructor: 7,
  },
  { '🦄': { '👩‍👩‍👧‍👦': [1] }, '\ud83e': 'half', é: 1, 'e\u0301': 2 },
  { '10': 'b', '9': 'a', b: 1, a: 2, hasOwnProperty: 1, toString: 'x', length: 3 },
  JSON.parse('{"then":"not a promise","toString":null}'),
  // One level less than the most, for the metadata that holds it.
  nested(MAX_DEPTH - 1),
  Array.from({ length: 5000 }, (_, index) => index),
  Object.fromEntries(Array.from({ length: 2000 }, (_, index) => [`key-${index}`, index])),
]

class Money {
  readonly amount = 1
}

function cycle(): unknown {
  const inner: unknown[] = [1]
  const outer = { list: inner }
  inner.push(outer)
  return outer
}

function sparse(): unknown {
  const array: unknown[] = [1]
  array[2] = 3
  return array
}

/** What has no JSON form, where it stands below `data`. */
const REFUSED: readonly (readonly [what: string, value: unknown, path: string])[] = [
  ['undefined', undefined, ''],
  ['undefined in an object', { a: { b: undefined } }, '.a.b'],
  ['undefined in an array', { a: [1, undefined] }, '.a[1]'],
  ['NaN', { a: [Number.NaN] }, '.a[0]'],
  ['Infinity', { a: Infinity }, '.a'],
  ['-Infinity', [{ a: -Infinity }], '[0].a'],
  ['BigInt', { a: { b: [0, 1n] } }, '.a.b[1]'],
  ['Date', { at: new Date(0) }, '.at'],
  ['Map', { a: new Map([[1, 2]]) }, '.a'],
  ['Set', [new Set([1])], '[0]'],
  ['RegExp', { a: /x/ }, '.a'],
  ['Error', { a: new Error('x') }, '.a'],
  ['boxed string', { a: Object('x') as unknown }, '.a'],
  ['bytes below the top', { a: new Uint8Array([1]) }, '.a'],
  ['Buffer below the top', [Buffer.from('x')], '[0]'],
  ['class instance', { price: new Money() }, '.price'],
  ['function', { a: () => 1 }, '.a'],
  ['symbol', { a: Symbol('x') }, '.a'],
  ['symbol key', { a: { [Symbol('x')]: 1 } }, '.a'],
  ['cycle', cycle(), '.list[1]'],
  ['__proto__ key', JSON.parse('{"a":{"__proto__":{"b":1}}}') as unknown, '.a.__proto__'],
  ['toJSON', { a: { toJSON: () => 'other' } }, '.a.toJSON'],
  ['hidden toJSON', { a: Object.defineProperty({}, 'toJSON', { value: () => 'other' }) as unknown }, '.a'],
  ['integer past 2^53', { n: Number.MAX_SAFE_INTEGER + 1 }, '.n'],
  ['integer below -2^53', { n: [-(2 ** 60)] }, '.n[0]'],
  ['1e300, an integer that lost its digits', { n: 1e300 }, '.n'],
  ['sparse array', { a: sparse() }, '.a[1]'],
]

export const jsonCases: readonly Case[] = [
  {
    id: 'json/round-trip',
    laws: ['R5'],
    title: 'gives every JSON value back deep-equal: in data, in metadata and in documents',
    async run({ open }) {
      const { store, documents, capabilities } = (await open()).backend
      for (const [index, data] of KEPT.entries()) {
        await store.append('json:kept', [{ type: 'Kept', data, metadata: { kept: data } }], {
          expectedVersion: index,
        })
      }
      const events = await store.read('json:kept').toArray()
      const fed = await store.feed().toArray()
      for (const [index, data] of KEPT.entries()) {
        for (const event of [events[index], fed[index]]) {
          assert.deepEqual(event?.data, data, `value ${index}`)
          assert.deepEqual(event?.metadata, { kept: data }, `metadata ${index}`)
        }
      }
      if (!capabilities.documents) return
      const kept = documents.collection('kept')
      for (const [index, value] of KEPT.entries()) await kept.put(String(index), value)
      for (const [index, value] of KEPT.entries()) {
        assert.deepEqual((await kept.get(String(index)))?.value, value, `document ${index}`)
      }
    },
  },
  {
    id: 'json/plain-objects',
    laws: ['R5'],
    title: 'takes objects without a prototype and of another realm as plain, and -0 as 0',
    async run({ open }) {
      const { store } = (await open()).backend
      const bare: unknown = Object.assign(Object.create(null) as object, { a: 1 })
      const foreign: unknown = runInNewContext('({ a: { b: [1, {}] } })')
      await store.append('json:plain', [
        { type: 'Kept', data: bare },
        { type: 'Kept', data: foreign },
        { type: 'Kept', data: [-0] },
      ])
      const events = await store.read('json:plain').toArray()
      assert.deepEqual(
        events.map((event) => event.data),
        [{ a: 1 }, { a: { b: [1, {}] } }, [0]],
      )
    },
  },
  {
    id: 'json/refused',
    laws: ['R5', 'A1'],
    title: 'refuses what JSON cannot hold, before any I/O, naming the exact path in data and in metadata',
    async run({ open }) {
      const { store } = (await open()).backend
      await leavesUntouched(store, ['json:refused'], async () => {
        for (const [, value, path] of REFUSED) {
          const asData = () => store.append('json:refused', [{ type: 'Kept', data: value }])
          await refusalAtOnce(asData, 'INVALID_ARGUMENT', `events[0].data${path}`)
          const metadata = { user: value }
          const asMetadata = () => store.append('json:refused', [{ type: 'Kept', data: 1, metadata }])
          await refusalAtOnce(asMetadata, 'INVALID_ARGUMENT', `events[0].metadata.user${path}`)
        }
      })
    },
  },
  {
    id: 'json/too-deep',
    laws: ['R5'],
    title: 'refuses data that is nested deeper than every backend’s parser takes, without a stack overflow',
    async run({ open }) {
      const { store } = (await open()).backend
      await store.append('json:deep', [{ type: 'Kept', data: nested(MAX_DEPTH) }])
      await leavesUntouched(store, ['json:deep'], async () => {
        for (const depth of [MAX_DEPTH + 1, 5_000, 200_000]) {
          const call = () => store.append('json:deep', [{ type: 'Kept', data: nested(depth) }])
          const error = await refusalAtOnce(call, 'INVALID_ARGUMENT')
          assert.match(error.field ?? '', /^events\[0\]\.data/)
        }
      })
    },
  },
  {
    id: 'json/refused-documents',
    laws: ['R5'],
    title: 'refuses what JSON cannot hold in a document, before any I/O, naming the exact path',
    needs: ({ documents }) => documents,
    refuses: async ({ open }) => {
      const { documents } = (await open()).backend
      await refusalAtOnce(() => documents.collection('kept').put('k', 1), 'NOT_SUPPORTED')
    },
    async run({ open }) {
      const { documents } = (await open()).backend
      const kept = documents.collection('kept')
      for (const [, value, path] of REFUSED) {
        await refusalAtOnce(() => kept.put('k', value), 'INVALID_ARGUMENT', `value${path}`)
        assert.equal(await kept.get('k'), undefined)
      }
    },
  },
]
