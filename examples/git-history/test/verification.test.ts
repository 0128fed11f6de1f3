import { type Backend, open } from '@eventspine/core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { adapters } from '../src/adapters.ts'
import { TREE, type TreeDocument } from '../src/tree-projection.ts'
import { file, TestRepository } from './test-repository.ts'
import { replayFrom } from './replay-from.ts'

// Each starts processes, which may wait for others of the machine.
vi.setConfig({ testTimeout: 30_000 })

const notUtf8 = Buffer.from([0x63, 0x61, 0x66, 0xe9])
let repository: TestRepository
let backend: Backend
let prefix: string
let store: string

beforeAll(() => {
  repository = new TestRepository()
  repository.commit('main', [
    {
      changes: [
        ['a', file('1')],
        ['b', file('2', '100755')],
        [notUtf8, file('3')],
      ],
    },
  ])
  prefix = `file:main@${repository.git('rev-parse', 'HEAD').slice(0, 12)}/`
})
afterAll(() => repository[Symbol.dispose]())

beforeEach(async () => {
  const first = await replayFrom(repository.path)
  expect(first.verified).toBe(true)
  ;({ store } = first)
  backend = await open(store, adapters)
})

afterEach(() => backend.close())

const documents = () => backend.documents.collection<TreeDocument>(TREE, { listed: true })

async function document(path: string): Promise<TreeDocument> {
  const found = await documents().get(prefix + path)
  if (found === undefined) throw new Error(`nothing is projected for ${path}`)
  return found.value
}

const blob = (path: string) => repository.git('rev-parse', `HEAD:${path}`)

test('finds a file that is missing in the projection', async () => {
  await documents().delete(`${prefix}a`)
  const { verified, lines } = await replayFrom(repository.path, { store })
  expect(verified).toBe(false)
  expect(lines.slice(-2)).toEqual([
    `a: 100644 ${blob('a')} in git, missing in the projection`,
    `not verified: 1 difference at ${repository.git('rev-parse', 'HEAD')}`,
  ])
})

test('finds a file that git has not', async () => {
  await documents().put(`${prefix}ghost`, { ...(await document('a')), path: 'ghost' })
  const { verified, lines } = await replayFrom(repository.path, { store })
  expect(verified).toBe(false)
  expect(lines.at(-2)).toBe(`ghost: not in git, 100644 ${blob('a')} in the projection`)
})

test('finds another mode, another object and another path', async () => {
  await documents().put(`${prefix}a`, { ...(await document('a')), blob: blob('b') })
  await documents().put(`${prefix}b`, { ...(await document('b')), mode: '100644' })
  await documents().put(`${prefix}caf%E9`, { ...(await document('caf%E9')), pathBase64: 'Y2Fm6A==' })
  const { verified, lines } = await replayFrom(repository.path, { store })
  expect(verified).toBe(false)
  expect(lines.slice(-4, -1)).toEqual([
    `a: 100644 ${blob('a')} in git, 100644 ${blob('b')} in the projection`,
    `b: 100755 ${blob('b')} in git, 100644 ${blob('b')} in the projection`,
    `caf\uFFFD: has the path caf\uFFFD in the projection`,
  ])
})

test('takes no notice of another history in the same store', async () => {
  await documents().put(prefix.replace('main', 'other') + 'a', await document('a'))
  expect((await replayFrom(repository.path, { store })).verified).toBe(true)
})
