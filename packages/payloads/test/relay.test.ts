import type { Backend } from '@eventspine/core'
import { memory, memoryStream } from '@eventspine/memory'
import { relayOnce } from '@eventspine/relay'
import { describe, expect, it } from 'vitest'
import { collectOrphans, withPayloads } from '../src/index.ts'

const data = { text: 'x'.repeat(100) }

async function delivered(backend: Backend): Promise<readonly unknown[]> {
  const seen: unknown[] = []
  await backend.stream.runOnce({
    group: 'readers',
    budgetMs: 60_000,
    handlers: (event) => void seen.push(event.data),
  })
  return seen
}

async function countPayloads({ documents }: Backend): Promise<number> {
  let count = 0
  for await (const _ of documents.collection('$payloads', { listed: true }).list()) count++
  return count
}

describe('a relay', () => {
  it('that reads the target alone moves references, which readers of the log follow with the same documents', async () => {
    const source = memory()
    const payloads = memory()
    const log = memoryStream()
    const { documents } = payloads
    const writer = withPayloads(source, { documents, thresholdBytes: 0 })
    await writer.store.append('file:1', [{ type: 'Written', data }], { expectedVersion: 'none' })
    await relayOnce(source, log, { name: 'mover', budgetMs: 60_000 })
    expect(await countPayloads(payloads)).toBe(1)
    const reader = withPayloads(log, { documents })
    expect(await delivered(reader)).toEqual([data])
    // The payload is the source's, and only its collector judges it.
    expect(await collectOrphans(reader, { graceMs: 0 })).toMatchObject({ examined: 0 })
    expect(await collectOrphans(writer, { graceMs: 0 })).toMatchObject({ examined: 1, deleted: 0 })
  })

  it('that reads data moves data, which a log with a claim check of its own keeps apart again', async () => {
    const kept = memory()
    const source = withPayloads(memory(), { documents: memory().documents, thresholdBytes: 0 })
    await source.store.append('file:1', [
      { type: 'Written', data },
      { type: 'Written', data: 2 },
    ])
    const bare = memoryStream()
    const log = withPayloads(bare, { documents: kept.documents, thresholdBytes: 0, cacheBytes: 0 })
    await relayOnce(source, log, { name: 'mover', budgetMs: 60_000 })
    await source.store.delete('file:1')
    expect(await countPayloads(kept)).toBe(2)
    expect(await collectOrphans(log, { graceMs: 0 })).toMatchObject({ deleted: 0 })
    expect(await delivered(log)).toEqual([data, 2])
  })

  it('started again writes nothing twice, neither event nor payload', async () => {
    const source = memory()
    await source.store.append(
      'file:1',
      Array.from({ length: 20 }, (_, number) => ({ type: 'Written', data: number })),
    )
    const kept = memory()
    const bare = memoryStream()
    const log = withPayloads(bare, { documents: kept.documents, thresholdBytes: 0 })
    for (let run = 0; run < 3; run++)
      await relayOnce(source, log, { name: 'mover', budgetMs: 60_000, batchEvents: 7 })
    expect(await countPayloads(kept)).toBe(20)
    expect(await delivered(log)).toEqual(Array.from({ length: 20 }, (_, number) => number))
  })
})
