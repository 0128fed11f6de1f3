import { memory } from '@eventspine/memory'
import { assert, constant, oneof, property, uint8Array, uniqueArray } from 'fast-check'
import { expect, test } from 'vitest'
import { StreamNames } from '../src/stream-names.ts'
import { oddPaths } from './odd-repository.ts'

const root = 'a1b2c3d4e5f6a7b8c9d0a1b2c3d4e5f6a7b8c9d0'
const names = new StreamNames(Buffer.from('main'), root, 1)
const named = (path: string | Buffer) => names.file(Buffer.from(path)).slice(names.filePrefix.length)

test('names the streams of a history by branch and first commit', () => {
  expect(names.branch).toBe('branch:main@a1b2c3d4e5f6')
  expect(names.file(Buffer.from('src/main.ts'))).toBe('file:main@a1b2c3d4e5f6/src/main.ts')
  expect(new StreamNames(Buffer.from('main'), root, 2).branch).toBe('branch:main@a1b2c3d4e5f6~2')
})

test('keeps the branches apart that hold what ends a branch’s name', () => {
  expect(new StreamNames(Buffer.from('fix/a@b'), root, 1).branch).toBe('branch:fix%2Fa%40b@a1b2c3d4e5f6')
  const long = [
    new StreamNames(Buffer.from('x'.repeat(300)), root, 1),
    new StreamNames(Buffer.from('x'.repeat(301)), root, 1),
  ]
  expect(new Set(long.map(({ branch }) => branch)).size).toBe(2)
  for (const { branch } of long) expect(branch).toMatch(/^branch:%~[0-9a-f]{58}@a1b2c3d4e5f6$/)
})

test('leaves a path as it is unless a stream id cannot hold it', () => {
  expect(named('with space/"quote" é 日本語')).toBe('with space/"quote" é 日本語')
  expect(named('new\nline')).toBe('new%0Aline')
  expect(named('100%')).toBe('100%25')
  expect(named('\u0085')).toBe('%C2%85')
  expect(named(Buffer.from([0x63, 0x61, 0x66, 0xe9]))).toBe('caf%E9')
  expect(named('x'.repeat(300))).toBe('%~0d4e2ca9e9cbced7a7a5380eb29e1a3783b9b6d0db72de36a1051038e1c1fbc7')
})

test('names every odd path by a stream of its own', () => {
  expect(new Set(oddPaths.map((path) => named(path))).size).toBe(oddPaths.length)
})

test('gives different paths different names, all valid', async () => {
  const store = memory().store
  const tricky = oneof(
    uint8Array({ minLength: 1, maxLength: 12 }),
    constant(Buffer.from('%41')),
    constant(Buffer.from('A')),
  )
  const paths = uniqueArray(tricky, {
    minLength: 2,
    maxLength: 6,
    selector: (path) => Buffer.from(path).toString('hex'),
  })
  assert(
    property(paths, (some) => {
      const streamIds = some.map((path) => names.file(Buffer.from(path)))
      // Throws for what is no valid id.
      for (const streamId of streamIds) store.read(streamId)
      return new Set(streamIds).size === some.length
    }),
    { numRuns: 2000 },
  )
})
