import { adapterOf, type Backend, documentPartsOf, type StoredEvent } from '@eventspine/core'
import { Faults, memory, MemoryDatabase } from '@eventspine/memory'
import { describe, expect, it } from 'vitest'
import { withPayloads } from '../src/index.ts'

const person = { name: 'Ada', email: 'ada@example.org', amount: 7, note: 'n'.repeat(100) }

interface Shop {
  readonly target: Backend
  readonly payloads: Backend
  readonly vault: Backend
  readonly shop: Backend
}

function openShop(thresholdBytes: number): Shop {
  const target = memory()
  const payloads = memory()
  const vault = memory()
  const shop = withPayloads(target, {
    documents: payloads.documents,
    thresholdBytes,
    segments: {
      personal: { documents: vault.documents, select: ['name', 'email'] },
      secret: { select: ({ type }) => (type === 'OrderPaid' ? ['card'] : []) },
    },
  })
  return { target, payloads, vault, shop }
}

/** What a backend holds of its payloads. */
async function valuesOf(backend: Backend): Promise<readonly string[]> {
  const { adapter } = documentPartsOf(backend.documents)
  const { documents } = await adapter.doList({
    collection: '$payloads',
    partition: 0,
    prefix: '',
    after: undefined,
    limit: 100,
  })
  return documents.map(({ value }) => value)
}

async function storedOf({ target }: Shop, streamId: string): Promise<readonly StoredEvent[]> {
  const page = await adapterOf(target).store?.doRead({
    streamId,
    partition: 0,
    from: 1,
    to: 100,
    direction: 'forward',
    limit: 100,
  })
  return page?.events ?? []
}

describe('segments', () => {
  it('go to their own stores, and are joined again', async () => {
    const open = openShop(4096)
    const { shop, payloads, vault } = open
    await shop.store.append('order:1', [{ type: 'OrderPlaced', data: person }], { expectedVersion: 'none' })
    expect((await shop.store.read('order:1').toArray())[0]?.data).toEqual(person)
    const [kept, ...others] = await valuesOf(vault)
    expect(others).toEqual([])
    expect(JSON.parse(kept ?? '')).toMatchObject({
      segment: 'personal',
      stream: 'order:1',
      version: 1,
      data: { name: 'Ada', email: 'ada@example.org' },
    })
    expect(await valuesOf(payloads)).toEqual([])
    const [stored] = await storedOf(open, 'order:1')
    expect(stored?.codec).toBe(2)
    expect(stored?.data).not.toMatch(/Ada|ada@/)
    expect(JSON.parse(stored?.data ?? '')).toMatchObject({ inline: { amount: 7, note: person.note } })
  })

  it('leave the rest to the threshold', async () => {
    const open = openShop(10)
    await open.shop.store.append('order:1', [{ type: 'OrderPlaced', data: person }])
    expect((await open.shop.store.read('order:1').toArray())[0]?.data).toEqual(person)
    expect(await valuesOf(open.payloads)).toHaveLength(1)
    expect((await storedOf(open, 'order:1'))[0]?.data).not.toContain('inline')
  })

  it('are chosen by event', async () => {
    const open = openShop(4096)
    const data = { card: '4111', amount: 1 }
    await open.shop.store.append('order:1', [
      { type: 'OrderPaid', data },
      { type: 'OrderPlaced', data },
    ])
    const read = await open.shop.store.read('order:1').toArray()
    expect(read.map((event) => event.data)).toEqual([data, data])
    expect((await storedOf(open, 'order:1')).map(({ codec }) => codec)).toEqual([2, 0])
  })

  it.each([
    ['all fields', { name: 'Ada', email: 'x' }],
    ['no field', { amount: 1 }],
    ['the name of a field elsewhere', { inner: { name: 'Ada' }, list: ['name', '"email":'] }],
    ['an array', [{ name: 'Ada' }]],
    ['a string', '{"name":"Ada"}'],
    ['nothing', null],
    ['a field without a value', { name: null, email: '' }],
    ['other characters', { name: 'Ä€😀', 'a"b': 1, '': 2 }],
  ])('take what there is of %s', async (_, data) => {
    for (const thresholdBytes of [0, 4096]) {
      const { shop } = openShop(thresholdBytes)
      await shop.store.append('order:1', [{ type: 'OrderPlaced', data }])
      expect((await shop.store.read('order:1').toArray())[0]?.data).toEqual(data)
    }
  })

  it('are missed by a reader that does not know them, and by nobody who only asks for metadata', async () => {
    const { shop, target, payloads } = openShop(4096)
    await shop.store.append('order:1', [
      { type: 'OrderPlaced', data: person, metadata: { correlationId: 'c' } },
    ])
    const [event] = await withPayloads(target, { documents: payloads.documents })
      .store.read('order:1')
      .toArray()
    expect(event?.metadata).toEqual({ correlationId: 'c' })
    expect(() => event?.data).toThrow(
      expect.objectContaining({ code: 'PAYLOAD_MISSING', message: expect.stringContaining('"personal"') }),
    )
  })

  it('leave no data in messages', async () => {
    const faults = new Faults()
    const documents = memory({ database: new MemoryDatabase(), faults }).documents
    const shop = withPayloads(memory(), { documents, segments: { personal: { select: ['name'] } } })
    faults.failBefore('write')
    await expect(shop.store.append('order:1', [{ type: 'OrderPlaced', data: person }])).rejects.toThrow(
      expect.objectContaining({ message: expect.not.stringMatching(/Ada|ada@/) }),
    )
  })
})
