import { randomUUID } from 'node:crypto'
import {
  adapterOf,
  type Backend,
  createBackend,
  documentPartsOf,
  type DocumentStore,
  type RecordedEvent,
} from '@eventspine/core'
import { Faults, memory, MemoryDatabase, memoryStream } from '@eventspine/memory'
import { describe, expect, it } from 'vitest'
import { collectOrphans, openWithPayloads, type PayloadOptions, withPayloads } from '../src/index.ts'

interface Calls {
  gets: number
  writes: number
  keys: number
}

/** Documents whose calls are counted, with other limits than memory's. */
function countedDocuments(limits: { readonly maxDocumentBytes?: number } = {}): {
  readonly documents: DocumentStore
  readonly calls: Calls
} {
  const adapter = adapterOf(memory())
  const { adapter: own } = documentPartsOf(memory().documents)
  const calls = { gets: 0, writes: 0, keys: 0 }
  const { documents } = createBackend({
    ...adapter,
    capabilities: { ...adapter.capabilities, ...limits },
    documents: {
      doGet: (addresses) => {
        calls.gets++
        calls.keys += addresses.length
        return own.doGet(addresses)
      },
      doWrite: (writes) => {
        calls.writes++
        return own.doWrite(writes)
      },
      doList: (request) => own.doList(request),
    },
  })
  return { documents, calls }
}

function sized(bytes: number, type = 'Sized') {
  return { type, data: 'x'.repeat(bytes - 2) }
}

async function dataOf(backend: Backend, streamId: string): Promise<readonly unknown[]> {
  return (await backend.store.read(streamId).toArray()).map(({ data }) => data)
}

async function countPayloads(documents: DocumentStore): Promise<number> {
  let count = 0
  for await (const _ of documents.collection('$payloads', { listed: true }).list()) count++
  return count
}

describe('the threshold', () => {
  it('keeps what is as large inline, without any call', async () => {
    const { documents, calls } = countedDocuments()
    const backend = withPayloads(memory(), { documents, thresholdBytes: 100 })
    await backend.store.append('file:1', [sized(100), { type: 'Sized', data: '€'.repeat(32) }])
    await dataOf(backend, 'file:1')
    await backend.store.feed().toArray()
    expect(calls).toEqual({ gets: 0, writes: 0, keys: 0 })
  })

  it('keeps what is a byte larger apart, counted in UTF-8', async () => {
    const { documents } = countedDocuments()
    const backend = withPayloads(memory(), { documents, thresholdBytes: 100 })
    await backend.store.append('file:1', [sized(101), { type: 'Sized', data: '€'.repeat(33) }])
    expect(await countPayloads(documents)).toBe(2)
  })

  it('gives way where a commit would not fit otherwise: the largest go first', async () => {
    const target = memory()
    const adapter = adapterOf(target)
    const small = createBackend({
      ...adapter,
      capabilities: { ...adapter.capabilities, maxAppendBytes: 4000 },
    })
    const { documents } = countedDocuments()
    const backend = withPayloads(small, { documents, thresholdBytes: 2000 })
    const events = [sized(1000), sized(1900), sized(500), sized(1800)]
    await backend.store.append('file:1', events)
    expect(await dataOf(backend, 'file:1')).toEqual(events.map(({ data }) => data))
    expect(await countPayloads(documents)).toBe(1)
    const metadata = { long: 'm'.repeat(5000) }
    await expect(backend.store.append('file:1', [{ ...sized(3000), metadata }])).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      outcome: 'not-applied',
    })
  })
})

describe('a page', () => {
  it('is loaded by one call, however many events refer to payloads, and from the cache the next time', async () => {
    const { documents, calls } = countedDocuments()
    const backend = withPayloads(memory(), { documents, thresholdBytes: 0 })
    await backend.store.append(
      'file:1',
      Array.from({ length: 500 }, () => sized(100)),
    )
    await backend.store.feed({ pageSize: 500 }).toArray()
    expect(calls.gets).toBe(1)
    await backend.store.feed({ pageSize: 500 }).toArray()
    expect(calls.gets).toBe(1)
  })

  it('holds no more payloads than allowed, apart from one', async () => {
    const { documents, calls } = countedDocuments()
    const options = { documents, thresholdBytes: 0, maxPageBytes: 1000, cacheBytes: 0 }
    const backend = withPayloads(memory({ partitions: 1 }), options)
    const events = [sized(400), sized(400), sized(400), sized(5000), sized(10)]
    await backend.store.append('file:1', events)
    const expected = events.map(({ data }) => data)
    expect(await dataOf(backend, 'file:1')).toEqual(expected)
    expect(calls.gets).toBe(3)
    const backward = await backend.store.read('file:1', { direction: 'backward' }).toArray()
    expect(backward.map(({ data }) => data)).toEqual(expected.toReversed())
    expect((await backend.store.feed().toArray()).map(({ data }) => data)).toEqual(expected)
  })

  it('is loaded as far as its readers want', async () => {
    const { documents, calls } = countedDocuments()
    const load: PayloadOptions['load'] = ({ type }) => type === 'Wanted'
    const backend = withPayloads(memory(), { documents, thresholdBytes: 0, load })
    await backend.store.append('file:1', [sized(50), sized(50, 'Wanted'), sized(50)])
    const events: RecordedEvent[] = await backend.store.feed().toArray()
    expect(calls.keys).toBe(1)
    expect(events[1]?.data).toBe(sized(50).data)
    expect(() => events[0]?.data).toThrow(expect.objectContaining({ code: 'NOT_SUPPORTED' }))
    expect(await dataOf(backend, 'file:1')).toHaveLength(3)
  })

  it('that lacks a payload is there, but for the data', async () => {
    const { documents } = countedDocuments()
    const backend = withPayloads(memory(), { documents, thresholdBytes: 0, cacheBytes: 0 })
    await backend.store.append('file:1', [sized(50), sized(60), sized(70)])
    const payloads = documents.collection('$payloads', { listed: true })
    const [second] = (await backend.store.read('file:1', { from: 2, limit: 1 }).toArray()) ?? []
    for await (const { key } of payloads.list()) {
      if (key.startsWith(second?.id ?? '-')) await payloads.delete(key)
    }
    const [one, two, three] = await backend.store.read('file:1').toArray()
    expect([one?.data, three?.data]).toEqual([sized(50).data, sized(70).data])
    expect(two?.type).toBe('Sized')
    expect(() => two?.data).toThrow(
      expect.objectContaining({ code: 'PAYLOAD_MISSING', message: expect.stringContaining(two?.id ?? '-') }),
    )
    const skipped: string[] = []
    await backend.stream.runOnce({
      group: 'readers',
      budgetMs: 60_000,
      retry: { attempts: 1 },
      onFailure: 'skip',
      onNotice: ({ kind }) => void (kind === 'skip' && skipped.push(kind)),
      handlers: ({ data }) => void data,
    })
    expect(skipped).toEqual(['skip'])
  })

  it('is read again when a payload is out of reach for a moment', async () => {
    const faults = new Faults()
    const backend = withPayloads(memory(), {
      documents: memory({ faults }).documents,
      thresholdBytes: 0,
      cacheBytes: 0,
    })
    await backend.store.append('file:1', [sized(50)])
    faults.failBefore('get')
    await expect(backend.store.read('file:1').toArray()).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
    faults.failBefore('get', { times: 2 })
    const seen: unknown[] = []
    await backend.stream.runOnce({
      group: 'g',
      budgetMs: 60_000,
      handlers: ({ data }) => void seen.push(data),
    })
    expect(seen).toEqual([sized(50).data])
  })
})

describe('a payload larger than a document', () => {
  it.each(['x', '€', '😀', '"', '\\'])('is split and joined again: %s', async (character) => {
    const { documents } = countedDocuments({ maxDocumentBytes: 1024 })
    const backend = withPayloads(memory(), { documents })
    const data = { text: character.repeat(5000), end: 'end' }
    const bytes = new Uint8Array(Buffer.from(data.text))
    await backend.store.append('file:1', [
      { type: 'Text', data },
      { type: 'Bytes', data: bytes },
    ])
    expect(await dataOf(backend, 'file:1')).toEqual([data, bytes])
    expect(await countPayloads(documents)).toBeGreaterThan(10)
    await backend.store.delete('file:1')
    expect(await countPayloads(documents)).toBe(0)
  })

  it('is not mixed with what a writer of other limits has left of it', async () => {
    const database = new MemoryDatabase()
    const target = memory()
    const withLimit = (maxDocumentBytes: number, faults = new Faults()) => {
      const adapter = adapterOf(memory({ database, faults }))
      const capabilities = { ...adapter.capabilities, maxDocumentBytes, documentBatch: 'none' as const }
      return createBackend({ ...adapter, capabilities }).documents
    }
    const faults = new Faults()
    faults.failBefore('write', { skip: 3 })
    const event = { type: 'Text', id: randomUUID(), data: 'x'.repeat(9000) }
    const first = withPayloads(target, { documents: withLimit(1024, faults) })
    const options = { expectedVersion: 0 }
    await expect(first.store.append('file:1', [event], options)).rejects.toMatchObject({ retryable: true })
    const second = withPayloads(target, { documents: withLimit(2048) })
    await second.store.append('file:1', [event], options)
    expect(await dataOf(second, 'file:1')).toEqual([event.data])
    const { deleted, orphans } = await collectOrphans(second)
    expect(deleted).toBeGreaterThan(0)
    expect(orphans).toBe(deleted)
    expect(await dataOf(second, 'file:1')).toEqual([event.data])
  })
})

describe('collectOrphans', () => {
  it('tells in a dry run what it would delete, and leaves other stores alone', async () => {
    const { documents } = countedDocuments()
    const mine = withPayloads(memory(), { documents, thresholdBytes: 0 })
    const other = withPayloads(memory(), { documents, thresholdBytes: 0 })
    const event = { type: 'Kept', id: randomUUID(), data: 1 }
    await mine.store.append('file:1', [event], { expectedVersion: 0 })
    await other.store.append('file:1', [event], { expectedVersion: 0 })
    const late = { type: 'Late', id: randomUUID(), data: 2 }
    await expect(mine.store.append('file:1', [late], { expectedVersion: 0 })).rejects.toMatchObject({
      code: 'VERSION_CONFLICT',
    })
    const told: string[] = []
    const dry = await collectOrphans(mine, {
      dryRun: true,
      onOrphan: ({ eventId }) => void told.push(eventId),
    })
    expect(dry).toEqual({ examined: 2, orphans: 1, deleted: 0, undecided: 0 })
    expect(told).toEqual([late.id])
    expect(await countPayloads(documents)).toBe(3)
    expect(await collectOrphans(mine)).toMatchObject({ deleted: 1 })
    expect(await dataOf(other, 'file:1')).toEqual([1])
  })

  it('spares what a writer has come back to', async () => {
    const database = new MemoryDatabase()
    const faults = new Faults()
    const appendFaults = new Faults()
    appendFaults.failBefore('publish')
    const log = memoryStream({ faults: appendFaults })
    const publisher = withPayloads(log, { documents: memory({ database }).documents, thresholdBytes: 0 })
    const event = { type: 'Published', id: randomUUID(), data: 1, streamId: 'file:1' }
    await expect(publisher.stream.publish(event)).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    const collector = withPayloads(log, { documents: memory({ database, faults }).documents })
    const written = Date.now()
    while (Date.now() <= written + 1) await new Promise((resolve) => setTimeout(resolve, 1))
    // The collector has read the log and is about to delete, when the publisher tries again.
    const release = faults.hold('write')
    let judged = (): void => undefined
    const isJudged = new Promise<void>((resolve) => (judged = resolve))
    const collected = collectOrphans(collector, { graceMs: 0, onOrphan: () => judged() })
    await isJudged
    await publisher.stream.publish(event)
    release()
    expect(await collected).toMatchObject({ orphans: 1, deleted: 0 })
    const seen: unknown[] = []
    await publisher.stream.runOnce({
      group: 'g',
      budgetMs: 60_000,
      handlers: ({ data }) => void seen.push(data),
    })
    expect(seen).toEqual([1])
  })

  it('refuses a backend that keeps no payloads apart', async () => {
    await expect(collectOrphans(memory())).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' })
  })
})

describe('options', () => {
  it.each([
    ['no documents', {}],
    ['a threshold below 0', { thresholdBytes: -1 }],
    ['a segment named like the rest', { segments: { data: { select: [] } } }],
    ['a segment without fields', { segments: { personal: {} } }],
  ])('refuse %s', (what, options) => {
    const documents = what === 'no documents' ? undefined : memory().documents
    // Callers without types give these too.
    expect(() => withPayloads(memory(), { documents, ...options } as PayloadOptions)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    )
  })

  it('refuse payloads that outlive less than the events do, unless that is accepted', () => {
    const adapter = adapterOf(memory())
    const target = createBackend({
      ...adapter,
      capabilities: { ...adapter.capabilities, durability: 'disk' },
    })
    const { documents } = memory()
    expect(() => withPayloads(target, { documents })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('"process"') }),
    )
    expect(withPayloads(target, { documents, acceptWeakerDurability: true }).capabilities.durability).toBe(
      'disk',
    )
  })

  it('open by URL, both in one or without payloads', async () => {
    const adapters = { memory: () => import('@eventspine/memory') }
    const name = `payloads-${randomUUID()}`
    const pair = await openWithPayloads({ target: 'memory:', payloads: `memory:${name}` }, adapters, {
      thresholdBytes: 0,
    })
    await pair.store.append('file:1', [sized(50)])
    expect(await dataOf(pair, 'file:1')).toEqual([sized(50).data])
    expect(await countPayloads((await import('@eventspine/memory')).memory().documents)).toBe(0)
    await pair.close()
    const alone = await openWithPayloads({ target: 'memory:', payloads: undefined }, adapters)
    await alone.close()
    await expect(
      openWithPayloads({ target: undefined, payloads: 'memory:' }, adapters),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
    await expect(
      openWithPayloads({ target: 'memory:', payloads: 'nothing:' }, adapters),
    ).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    })
  })
})
