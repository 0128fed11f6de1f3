import { describe, expect, it } from 'vitest'
import { parseKafkaUrl } from '../src/kafka.ts'
import { resolveOptions } from '../src/options.ts'
import { incarnationOf } from '../src/topic.ts'

describe('URLs', () => {
  it('name brokers, a topic and what is said of it', () => {
    expect(parseKafkaUrl('kafka://a:9093,b/orders?partitions=4&producer=transactional&foreign=stop')).toEqual(
      {
        connection: { brokers: ['a:9093', 'b:9092'] },
        topic: 'orders',
        partitions: 4,
        producer: 'transactional',
        foreign: 'stop',
      },
    )
  })

  it.each([
    'kafka://host:9092',
    'kafka://host:9092/',
    'kafka:///orders',
    'http://host/orders',
    'kafka://user:secret@host/orders',
    'kafka://host/orders?partitions=many',
    'kafka://host/orders?other=1',
  ])('%s is refused without being repeated', (url) => {
    expect(() => parseKafkaUrl(url)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    expect(() => parseKafkaUrl(url)).not.toThrow(/secret/)
  })
})

describe('options', () => {
  it.each([
    ['topic', 'two words', {}],
    ['topic', '', {}],
    ['topic', '..', {}],
    ['topic', 'x'.repeat(243), {}],
    ['producer', 'a', { producer: 'plain' as 'idempotent' }],
    ['foreign', 'a', { foreign: 'ignore' as 'skip' }],
    ['deliveryTimeoutMs', 'a', { deliveryTimeoutMs: 0.5 }],
    ['source', 'a', { source: '' }],
  ])('name %s when it does not fit', (field, topic, options) => {
    expect(() => resolveOptions(topic, options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field }),
    )
  })
})

it('names a topic of a cluster by 16 hex digits', () => {
  expect(incarnationOf('AAAAAAAAAAAAAAAAAAAAAQ', 'orders')).toBe('3fca3c86a1f25c31')
})
