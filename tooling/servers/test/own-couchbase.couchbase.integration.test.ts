import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, DocumentNotFoundError, DurabilityLevel, type Collection } from 'couchbase'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ownKeyPrefix, serverUrl, startCouchbase } from '../src/index.ts'
import { identifyProcess } from '../src/process-identity.ts'
import { serverDefinition } from '../src/registry.ts'
import { gone, startInChild } from './server-in-child.ts'

// An emulator takes half a minute to start where a dozen other programs want the same two processors.
vi.setConfig({ testTimeout: 240_000 })

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eventspine-own-'))
  process.env['EVENTSPINE_DIRECTORY'] = directory
})

afterAll(async () => {
  delete process.env['EVENTSPINE_DIRECTORY']
  await rm(directory, { recursive: true })
})

async function withCollection<Result>(
  url: string,
  work: (collection: Collection) => Promise<Result>,
): Promise<Result> {
  const { host, username, password, pathname } = new URL(url)
  const cluster = await connect(`couchbase://${host}`, {
    username,
    password,
    timeouts: { bootstrapTimeout: 60_000, kvTimeout: 60_000, kvDurableTimeout: 60_000 },
  })
  try {
    return await work(cluster.bucket(pathname.slice(1)).defaultCollection())
  } finally {
    await cluster.close()
  }
}

describe('a CouchbaseMock of one’s own', () => {
  it('answers key-value operations, keeps its URL over a kill -9, and nothing else', async () => {
    await using server = await startCouchbase()
    const { url } = server
    await withCollection(url, async (collection) => {
      await collection.insert('kept', { a: 1 })
      expect((await collection.get('kept')).content).toEqual({ a: 1 })
    })
    await server.kill()
    expect(identifyProcess(server.pid)).toBeUndefined()
    await expect(serverDefinition('couchbase').probe(url, 60_000)).rejects.toThrow()
    await server.restart()
    expect(server.url).toBe(url)
    await withCollection(url, async (collection) => {
      await expect(collection.get('kept')).rejects.toThrow(DocumentNotFoundError)
    })
  })

  it('ends with the process that started it', async () => {
    const { pid, owner } = await startInChild('couchbase')
    owner.stdin.end('exit\n')
    expect(await gone(pid)).toBe(true)
  })
})

describe('the CouchbaseMock of the run', () => {
  it('takes operations with a durability level, which the emulator alone does not', async () => {
    const { url, prefix } = ownKeyPrefix(await serverUrl('couchbase'))
    expect(new URL(url).searchParams.get('prefix')).toBe(prefix)
    const durabilityLevel = DurabilityLevel.Majority
    await withCollection(url, async (collection) => {
      const key = `${prefix}-é`
      await collection.insert(key, { a: 1 }, { durabilityLevel })
      await collection.upsert(key, { a: 2 }, { durabilityLevel, preserveExpiry: true })
      expect((await collection.get(key)).content).toEqual({ a: 2 })
    })
  })

  it('tells its version before anybody logs in', async () => {
    const probe = serverDefinition('couchbase').probe(await serverUrl('couchbase'), 60_000)
    expect(await probe).toMatch(/\d/)
  })
})
