import {
  connect,
  DocumentNotFoundError,
  DurabilityLevel,
  MutateInSpec,
  RequestCanceledError,
  type Collection,
} from 'couchbase'
import { describe, expect, it } from 'vitest'
import { ownKeyPrefix, serverUrl, startCouchbaseProxy, waitUntil, type CouchbaseProxy } from '../src/index.ts'

const patientMs = 60_000

interface Proxied {
  readonly proxy: CouchbaseProxy
  /** Through the proxy. */
  readonly collection: Collection
  /** Past it. */
  readonly direct: Collection
  readonly prefix: string
}

async function open(url: string): Promise<{ collection: Collection; close: () => Promise<void> }> {
  const { host, username, password, pathname } = new URL(url)
  const cluster = await connect(`couchbase://${host}`, {
    username,
    password,
    timeouts: { bootstrapTimeout: patientMs, kvTimeout: patientMs, kvDurableTimeout: patientMs },
  })
  return {
    collection: cluster.bucket(pathname.slice(1)).defaultCollection(),
    close: () => cluster.close(),
  }
}

async function proxied(work: (proxied: Proxied) => Promise<void>): Promise<void> {
  const url = await serverUrl('couchbase')
  const { prefix } = ownKeyPrefix(url)
  await using proxy = await startCouchbaseProxy(url)
  const client = await open(proxy.url)
  const direct = await open(url)
  try {
    await work({ proxy, collection: client.collection, direct: direct.collection, prefix })
  } finally {
    await proxy.pass()
    await client.close()
    await direct.close()
  }
}

describe('a proxy in front of Couchbase', () => {
  it('is what clients stay on: no operation goes past it, and each is counted', async () => {
    await proxied(async ({ proxy, collection, prefix }) => {
      proxy.resetCounts()
      const durabilityLevel = DurabilityLevel.PersistToMajority
      for (let number = 0; number < 50; number += 1) {
        await collection.insert(`${prefix}-${number}`, number, { durabilityLevel })
      }
      await collection.get(`${prefix}-1`)
      await collection.upsert(`${prefix}-1`, 2, { preserveExpiry: true })
      await collection.upsert(`${prefix}-2`, {}, { durabilityLevel: DurabilityLevel.Majority })
      await collection.mutateIn(`${prefix}-2`, [MutateInSpec.upsert('a', 1)])
      expect(proxy.counts()).toEqual({
        total: 54,
        operations: { insert: 50, get: 1, upsert: 2, mutateIn: 1 },
        mutations: 53,
        durable: { persistToMajority: 50, majority: 1 },
        preserveExpiry: 1,
      })
    })
  })

  it('loses a reply: the work is done and the connection is cut', async () => {
    await proxied(async ({ proxy, collection, direct, prefix }) => {
      const lost = proxy.strike('lose-reply', { operation: 'insert', key: `${prefix}-lost` })
      await collection.insert(`${prefix}-other`, 1)
      await expect(collection.insert(`${prefix}-lost`, 2)).rejects.toThrow(RequestCanceledError)
      expect(await lost).toMatchObject({ operation: 'insert', key: `${prefix}-lost`, durability: undefined })
      expect((await direct.get(`${prefix}-lost`)).content).toBe(2)
      await collection.insert(`${prefix}-after`, 3)
    })
  })

  it('drops a reply: the work is done, the client waits in vain and its connection goes on', async () => {
    await proxied(async ({ proxy, collection, direct, prefix }) => {
      const dropped = proxy.strike('drop-reply', { containing: 'dropped' })
      let settled = false
      const waiting = collection.insert(`${prefix}-dropped`, 1).finally(() => {
        settled = true
      })
      const failure = expect(waiting).rejects.toThrow(RequestCanceledError)
      await dropped
      expect((await direct.get(`${prefix}-dropped`)).content).toBe(1)
      const { connections } = proxy
      await collection.insert(`${prefix}-meanwhile`, 2)
      expect(proxy.connections).toBe(connections)
      expect(settled).toBe(false)
      proxy.cut()
      await failure
    })
  })

  it('loses a request, which is not executed', async () => {
    await proxied(async ({ proxy, collection, direct, prefix }) => {
      const lost = proxy.strike('lose-request', { operation: 'insert' })
      await expect(collection.insert(prefix, 1)).rejects.toThrow(RequestCanceledError)
      expect((await lost)?.key).toBe(prefix)
      await expect(direct.get(prefix)).rejects.toThrow(DocumentNotFoundError)
    })
  })

  it('drops the n-th request, which is not executed', async () => {
    await proxied(async ({ proxy, collection, direct, prefix }) => {
      const dropped = proxy.strike('drop-request', { operation: 'insert', key: prefix, nth: 2 })
      await collection.insert(`${prefix}-1`, 1)
      const second = expect(collection.insert(`${prefix}-2`, 1)).rejects.toThrow(RequestCanceledError)
      expect((await dropped)?.key).toBe(`${prefix}-2`)
      proxy.cut()
      await second
      await expect(direct.get(`${prefix}-2`)).rejects.toThrow(DocumentNotFoundError)
    })
  })

  it('delivers a request late, which others overtake', async () => {
    await proxied(async ({ proxy, collection, direct, prefix }) => {
      let deliver = (): void => undefined
      const told = new Promise<void>((resolve) => {
        deliver = resolve
      })
      const late = proxy.strike({ until: told }, { key: `${prefix}-1` })
      const first = collection.insert(`${prefix}-1`, 1)
      await collection.insert(`${prefix}-2`, 2)
      await expect(direct.get(`${prefix}-1`)).rejects.toThrow(DocumentNotFoundError)
      deliver()
      await Promise.all([late, first])
      expect((await direct.get(`${prefix}-1`)).content).toBe(1)
    })
  })

  it('delivers a late request even when its client has gone', async () => {
    const url = await serverUrl('couchbase')
    const { prefix } = ownKeyPrefix(url)
    await using proxy = await startCouchbaseProxy(url)
    const client = await open(proxy.url)
    let deliver = (): void => undefined
    const gone = new Promise<void>((resolve) => {
      deliver = resolve
    })
    const late = proxy.strike({ until: gone }, { key: prefix })
    const insert = expect(client.collection.insert(prefix, 1)).rejects.toThrow()
    await waitUntil(() => proxy.counts().total === 1, { deadlineMs: patientMs })
    await client.close()
    await insert
    deliver()
    expect((await late)?.key).toBe(prefix)
    const direct = await open(url)
    expect((await direct.collection.get(prefix)).content).toBe(1)
    await direct.close()
  })

  it('cuts a connection and delivers its request later, after what was sent meanwhile', async () => {
    await proxied(async ({ proxy, collection, direct, prefix }) => {
      let deliver = (): void => undefined
      const overtaken = new Promise<void>((resolve) => {
        deliver = resolve
      })
      const late = proxy.strike({ until: overtaken, cut: true }, { key: `${prefix}-1` })
      await expect(collection.insert(`${prefix}-1`, 1)).rejects.toThrow(RequestCanceledError)
      await collection.insert(`${prefix}-2`, 2)
      expect(proxy.underWay).toBe(1)
      await expect(direct.get(`${prefix}-1`)).rejects.toThrow(DocumentNotFoundError)
      deliver()
      await late
      expect(proxy.underWay).toBe(0)
      expect((await direct.get(`${prefix}-1`)).content).toBe(1)
    })
  })

  it('asks a rule about each request, until it passes again', async () => {
    await proxied(async ({ proxy, collection, prefix }) => {
      proxy.decide(({ operation }) => (operation === 'insert' ? 'lose-request' : undefined))
      await expect(collection.insert(prefix, 1)).rejects.toThrow(RequestCanceledError)
      await collection.upsert(prefix, 1)
      await expect(collection.insert(prefix, 1)).rejects.toThrow(RequestCanceledError)
      const waiting = proxy.strike('lose-reply', {})
      await proxy.pass()
      expect(await waiting).toBeUndefined()
      await collection.insert(`${prefix}-2`, 1)
    })
  })

  it('refuses, cuts, and is there again at the same address', async () => {
    await proxied(async ({ proxy, collection, prefix }) => {
      const { url } = proxy
      proxy.refuse()
      proxy.cut()
      await expect(collection.upsert(prefix, 1, { timeout: 500 })).rejects.toThrow()
      await proxy.pass()
      await collection.upsert(prefix, 2)
      expect(proxy.url).toBe(url)
    })
  })
})
