import { describe, expect, it } from 'vitest'
import { parseOptions, UsageError } from '../src/options.ts'

describe('the options of the photo shop', () => {
  it('come from the command line before the environment', () => {
    const environment = { EVENTSPINE_STREAM: 'postgres://a/b', EVENTSPINE_PAYLOADS: 'redis://c' }
    expect(parseOptions(['--stream', 'kafka://d/e', '--orders', '7', '--seed', '1'], environment)).toEqual({
      stream: 'kafka://d/e',
      payloads: 'redis://c',
      orders: 7,
      kills: 2,
      seed: 1,
    })
  })

  it('kill nobody in memory, which dies with its process', () => {
    const words = ['--stream', 'memory:', '--payloads', 'memory:']
    expect(parseOptions(words, {})?.kills).toBe(0)
    expect(() => parseOptions([...words, '--kills', '1'], {})).toThrow(UsageError)
  })

  it('name what is wrong', () => {
    expect(() => parseOptions(['--orders', '0'], {})).toThrow('--orders must be a whole number')
    expect(() => parseOptions(['--what'], {})).toThrow(UsageError)
    expect(parseOptions(['--help'], {})).toBeUndefined()
  })
})
