import { describe, expect, it } from 'vitest'
import { resolveOptions } from '../src/options.ts'
import { parseRedisUrl } from '../src/redis-url.ts'

describe('options', () => {
  it('have defaults', () => {
    expect(resolveOptions({})).toEqual({
      prefix: 'eventspine',
      create: false,
      partitions: undefined,
      bodyInFeed: false,
      allowEviction: false,
      wait: undefined,
      pollIntervalMs: 10,
    })
  })

  it.each([
    ['prefix', { prefix: 'a{b' }],
    ['prefix', { prefix: '' }],
    ['feed', { feed: 'both' as 'body' }],
    ['pollIntervalMs', { pollIntervalMs: 0 }],
    ['wait.replicas', { wait: { replicas: 0, timeoutMs: 1 } }],
    ['wait.timeoutMs', { wait: { replicas: 1, timeoutMs: 0.5 } }],
  ])('are refused naming %s', (field, options) => {
    expect(() => resolveOptions(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    )
  })
})

describe('URLs', () => {
  it('of one server leave to the client what is not ours', () => {
    const url = 'redis://user:secret@host:7000/3?prefix=shop&partitions=8&feed=body&family=6'
    expect(parseRedisUrl(url)).toMatchObject({
      cluster: false,
      tls: false,
      url: 'redis://user:secret@host:7000/3?family=6',
      options: { prefix: 'shop', partitions: 8, feed: 'body' },
    })
  })

  it('of a cluster name several servers, with one user for all', () => {
    const url = 'rediss-cluster://user:p%40ss@a:7000,b,[::1]:7002?prefix=shop'
    expect(parseRedisUrl(url)).toMatchObject({
      cluster: true,
      tls: true,
      nodes: [
        { host: 'a', port: 7000 },
        { host: 'b', port: 6379 },
        { host: '::1', port: 7002 },
      ],
      auth: { username: 'user', password: 'p@ss' },
      options: { prefix: 'shop' },
    })
  })

  it.each([
    'postgres://host/database',
    'redis:hunter2',
    'redis://host?partitions=many',
    'redis://host?feed=both',
    'redis-cluster://a:1,,b:2',
    'redis-cluster://a:1?hunter=2',
  ])('are refused without being repeated: %s', (url) => {
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'url' })
    expect(() => parseRedisUrl(url)).toThrow(refused)
    expect(() => parseRedisUrl(url)).not.toThrow(url)
  })
})
