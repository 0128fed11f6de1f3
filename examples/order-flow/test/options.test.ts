import { expect, test } from 'vitest'
import { parseOptions, UsageError } from '../src/options.ts'

test('without words there are standards, and servers are its own', () => {
  const options = parseOptions([], {})
  expect(options).toEqual({
    store: undefined,
    stream: undefined,
    orders: 300,
    kills: 6,
    patienceMs: 60_000,
    seed: options?.seed,
  })
  expect(options?.seed).toBeGreaterThanOrEqual(0)
})

test('URLs come from the environment, and words go first', () => {
  const environment = { EVENTSPINE_STORE: 'postgres://a/b', EVENTSPINE_STREAM: 'kafka://a:1/t' }
  expect(parseOptions([], environment)).toMatchObject({ store: 'postgres://a/b', stream: 'kafka://a:1/t' })
  expect(parseOptions(['--stream', 'store'], environment)).toMatchObject({ stream: 'store' })
  expect(parseOptions([], { EVENTSPINE_STORE: '' })).toMatchObject({ store: undefined })
})

test('counts are read', () => {
  const words = ['--orders', '20', '--kills', '2', '--seed', '0', '--patience', '5']
  expect(parseOptions(words, {})).toMatchObject({ orders: 20, kills: 2, seed: 0, patienceMs: 5000 })
  expect(parseOptions(['--no-kills'], {})).toMatchObject({ kills: 0 })
  expect(parseOptions(['--help'], {})).toBeUndefined()
})

test.each([
  ['--orders', '0'],
  ['--orders', 'many'],
  ['--orders', '1.5'],
  ['--kills', '-1'],
  ['--seed', ''],
  ['--kills', '2', '--no-kills'],
  ['--store', ''],
  ['--cheese'],
  ['postgres://a/b'],
])('%s %s is refused', (...words) => {
  expect(() => parseOptions(words, {})).toThrow(UsageError)
})
