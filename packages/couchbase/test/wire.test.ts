import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { placeOf } from '../src/directory.ts'
import { Keys } from '../src/keys.ts'

interface Vectors {
  readonly commitKeys: readonly {
    readonly prefix: string
    readonly streamId: string
    readonly number: number
    readonly key: string
  }[]
  readonly streamKeys: readonly { readonly prefix: string; readonly streamId: string; readonly key: string }[]
  readonly documentKeys: readonly DocumentVector[]
  readonly directoryPlaces: readonly (DocumentVector & { readonly field: string })[]
}

interface DocumentVector {
  readonly prefix: string
  readonly collection: string
  readonly partition: number
  readonly documentKey: string
  readonly key: string
}

const file = new URL('../../../docs/wire/couchbase.json', import.meta.url)
// Its shape is what the tests below hold it to.
const vectors = JSON.parse(readFileSync(file, 'utf8')) as Vectors

it.each(vectors.commitKeys)('keeps commit $number of $streamId where the wire format says', (vector) => {
  expect(new Keys(vector.prefix).commit(vector.streamId, vector.number)).toBe(vector.key)
})

it.each(vectors.streamKeys)('keeps what is known of $streamId where the wire format says', (vector) => {
  expect(new Keys(vector.prefix).stream(vector.streamId)).toBe(vector.key)
})

it.each(vectors.documentKeys)('keeps $documentKey of $collection where the wire format says', (vector) => {
  const { prefix, collection, partition, documentKey, key } = vector
  expect(new Keys(prefix).document(collection, partition, documentKey)).toBe(key)
})

it.each(vectors.directoryPlaces)('lists $documentKey of $collection where the wire format says', (vector) => {
  const { prefix, collection, partition, documentKey, key, field } = vector
  const { shard, name } = placeOf(documentKey)
  expect(new Keys(prefix).directory(collection, partition, shard)).toBe(key)
  expect(name).toBe(field)
})
