import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { testBackends } from '../src/index.ts'
import { parseTestBackends, serversNotAskedFor, serversOfFile } from '../src/test-backends.ts'

beforeEach(() => {
  vi.stubEnv('EVENTSPINE_TEST_BACKENDS', undefined)
})

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the backends of a test run', () => {
  it('are all of them unless some are named', () => {
    expect(testBackends()).toEqual(['memory', 'pglite', 'postgres'])
    expect(serversNotAskedFor()).toEqual([])
    vi.stubEnv('EVENTSPINE_TEST_BACKENDS', 'memory, redis')
    expect(testBackends()).toEqual(['memory'])
    expect(serversNotAskedFor()).toContain('postgres')
    expect(serversNotAskedFor()).not.toContain('redis')
  })

  it('must exist', () => {
    expect(() => parseTestBackends('memory,oracle')).toThrow('"oracle" is no backend')
    expect(() => parseTestBackends('')).toThrow('"" is no backend')
    vi.stubEnv('EVENTSPINE_TEST_BACKENDS', 'redi')
    expect(() => testBackends()).toThrow('"redi" is no backend')
  })
})

describe('the servers of a test file', () => {
  it('are those between the dots of its name, and those of any store where it names none', () => {
    expect(serversOfFile('/a.redis/feed.redis.integration.test.ts')).toEqual(['redis'])
    expect(serversOfFile('relay.postgres.redis.integration.test.ts')).toEqual(['postgres', 'redis'])
    expect(serversOfFile('redis.integration.test.ts')).toEqual(['postgres'])
    expect(serversOfFile('feed.redis-cluster.integration.test.ts')).toEqual(['redis-cluster'])
  })

  it('are not the clusters that it starts itself', () => {
    expect(serversOfFile('failover.redis-cluster.clusters.test.ts')).toEqual([])
    expect(serversOfFile('relay.postgres.kafka-cluster.clusters.integration.test.ts')).toEqual(['postgres'])
    expect(serversOfFile('any.clusters.test.ts')).toEqual([])
  })
})
