import { describe, expect, it } from 'vitest'
import { parseCouchbaseUrl } from '../src/couchbase-url.ts'
import { resolveOptions } from '../src/options.ts'

describe('options', () => {
  it('have defaults, of which durability is a majority', () => {
    expect(resolveOptions({})).toEqual({
      prefix: 'eventspine',
      create: false,
      partitions: undefined,
      durability: 1,
      pollIntervalMs: 20,
    })
  })

  it.each([
    ['none', 0],
    ['majority', 1],
    ['majorityAndPersistToActive', 2],
    ['persistToMajority', 3],
  ] as const)('know the durability %s', (durability, level) => {
    expect(resolveOptions({ durability })).toMatchObject({ durability: level })
  })

  it.each([
    ['prefix', { prefix: 'a b' }],
    ['prefix', { prefix: 'x'.repeat(51) }],
    ['durability', { durability: 'toString' as 'none' }],
    ['pollIntervalMs', { pollIntervalMs: 0 }],
  ])('are refused naming %s', (field, options) => {
    expect(() => resolveOptions(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    )
  })
})

describe('URLs', () => {
  it('name servers, bucket, scope, collection and options, and leave to the client what is not ours', () => {
    const url =
      'couchbases://user:p%40ss@a:11207,b/orders?scope=sales&collection=events&prefix=shop&partitions=8&durability=none&enable_dns_srv=false'
    expect(parseCouchbaseUrl(url)).toEqual({
      connectionString: 'couchbases://a:11207,b?enable_dns_srv=false',
      username: 'user',
      password: 'p@ss',
      bucket: 'orders',
      scope: 'sales',
      collection: 'events',
      options: { prefix: 'shop', partitions: 8, durability: 'none' },
    })
  })

  it('need neither a user nor options', () => {
    expect(parseCouchbaseUrl('couchbase://host/bucket')).toEqual({
      connectionString: 'couchbase://host',
      username: '',
      password: '',
      bucket: 'bucket',
      scope: undefined,
      collection: undefined,
      options: {},
    })
  })

  it.each([
    'redis://host',
    'couchbase://user:hunter2@host',
    'couchbase://host/',
    'couchbase://user:hunter2@host/bucket?partitions=many',
    'couchbase://user:hunter%2@host/bucket',
    'couchbase:hunter2',
  ])('are refused without being repeated: %s', (url) => {
    const refused = expect.objectContaining({ code: 'INVALID_ARGUMENT', field: 'url' })
    expect(() => parseCouchbaseUrl(url)).toThrow(refused)
    expect(() => parseCouchbaseUrl(url)).not.toThrow('hunter')
  })
})
