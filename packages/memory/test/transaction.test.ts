import { partitionOf, type StreamAppend } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { memory, memoryAdapter, MemoryDatabase } from '../src/index.ts'

const streamId = 'counter:1'

function appendOf(n: number): StreamAppend {
  const event = {
    id: crypto.randomUUID(),
    type: 'T',
    schemaVersion: 1,
    codec: 0,
    data: String(n),
    metadata: '{}',
  } as const
  return { streamId, partition: partitionOf(streamId, 1), expectedVersion: 'any', events: [event] }
}

describe('a transaction of the memory adapter', () => {
  it('undoes a nested part that throws, events and documents, and keeps what was done before and after', async () => {
    const database = new MemoryDatabase()
    const { doTransaction } = memoryAdapter({ database })
    const backend = memory({ database })
    const notes = backend.documents.collection<string>('notes')
    await notes.put('kept', 'before')
    await doTransaction?.(async (transaction) => {
      const { store, documents } = transaction
      const write = (key: string, value: string | undefined) =>
        documents.doWrite([
          {
            collection: 'notes',
            partition: 0,
            key,
            value: value === undefined ? undefined : JSON.stringify(value),
            expectedRevision: 'any',
            expiresInMs: undefined,
            listed: false,
          },
        ])
      await store.doAppend([{ appends: [appendOf(1)], documents: [] }], 1000)
      await write('first', 'written')
      const failing = transaction.nested(async () => {
        await store.doAppend([{ appends: [appendOf(2)], documents: [] }], 1000)
        await write('first', 'changed')
        await write('kept', undefined)
        await write('second', 'written')
        await expect(transaction.nested(() => Promise.reject(new Error('inner')))).rejects.toThrow('inner')
        throw new Error('undone on purpose')
      })
      await expect(failing).rejects.toThrow('undone on purpose')
      await transaction.nested(() => store.doAppend([{ appends: [appendOf(3)], documents: [] }], 1000))
    })
    const events = await backend.store.read(streamId).toArray()
    expect(events.map(({ streamPosition, data }) => [streamPosition, data])).toEqual([
      [1, 1],
      [2, 3],
    ])
    const found = await notes.getMany(['first', 'kept', 'second'])
    expect(found.map((document) => document?.value)).toEqual(['written', 'before', undefined])
  })

  it('lets none of many that wait begin beside another', async () => {
    const backend = memory()
    let open = 0
    await Promise.all(
      Array.from({ length: 20 }, () =>
        backend.transaction(async ({ store }) => {
          expect(++open).toBe(1)
          await store.append(streamId, [{ type: 'T', data: 1 }])
          await new Promise((resolve) => setImmediate(resolve))
          open--
        }),
      ),
    )
    expect((await backend.store.head(streamId)).version).toBe(20)
  })

  it('is refused for removal, import and seal, which are not undone', async () => {
    const backend = memory()
    await backend.store.append(streamId, [{ type: 'T', data: 1 }])
    await backend.transaction(async ({ store }) => {
      for (const call of [
        () => store.delete(streamId),
        () => store.truncate(streamId, { before: 2 }),
        () => store.seal(0),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' })
      }
    })
  })
})
