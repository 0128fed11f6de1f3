import { type OpenRequest, type TestBackend, testBed } from '@eventspine/conformance'
import {
  adapterOf,
  type Backend,
  createBackend,
  documentPartsOf,
  type DocumentStore,
  type DocumentStoreAdapter,
  type EventStoreAdapter,
} from '@eventspine/core'
import { memory, MemoryDatabase } from '@eventspine/memory'
import { collectOrphans, withPayloads } from '@eventspine/payloads'
import type { Breakage, Mutant } from './mutant.ts'

/** Opens an empty store over memory whose events keep their data in another memory, broken as the mutant says. */
export function openPayloads(mutant: Mutant | undefined, { partitions }: OpenRequest): Promise<TestBackend> {
  const database = new MemoryDatabase({ partitions })
  const kept = new MemoryDatabase()
  const breakage: Breakage = mutant?.create(database) ?? {}
  const payloads = memory({ database: kept })
  const decorate = (target: Backend, documents: DocumentStore): Backend =>
    withPayloads(target, { documents: brokenDocuments(documents, breakage.payloads), thresholdBytes: 0 })
  return testBed(() => decorate(memory({ database }), payloads.documents), {
    claimCheck: {
      target: memory({ database }),
      payloads,
      decorate,
      collectOrphans: async (_, graceMs) => {
        const { collector } = breakage
        const target = brokenStore(memory({ database }), collector?.store)
        const documents = brokenDocuments(payloads.documents, collector?.documents)
        const { deleted } = await collectOrphans(decorate(target, documents), { graceMs })
        return deleted
      },
    },
  })
}

function brokenDocuments(
  documents: DocumentStore,
  breaks: ((documents: DocumentStoreAdapter) => DocumentStoreAdapter) | undefined,
): DocumentStore {
  if (breaks === undefined) return documents
  const carrier = adapterOf(memory())
  return createBackend({ ...carrier, documents: breaks(documentPartsOf(documents).adapter) }).documents
}

function brokenStore(
  target: Backend,
  breaks: ((store: EventStoreAdapter) => EventStoreAdapter) | undefined,
): Backend {
  const adapter = adapterOf(target)
  const { store } = adapter
  if (breaks === undefined || store === undefined) return target
  return createBackend({ ...adapter, store: breaks(store) })
}
