import {
  type DocumentStoreAdapter,
  type DocumentStoreParts,
  type EncodedDocumentWrite,
  EventStoreError,
} from '@eventspine/core'
import type { PayloadWrite } from './check-out.ts'
import { grouped } from './grouped.ts'
import { inParallel } from './in-parallel.ts'
import type { ResolvedOptions } from './options.ts'
import { PAYLOADS } from './payload-document.ts'

/** A writer and a collector, or two writers, may meet at one document a few times; not for ever. */
const MAX_MEETINGS = 20

/** The documents of a store as they are reached from here: within a transaction, through it. */
export type AdapterFor = (documents: DocumentStoreParts) => DocumentStoreAdapter

/** A write that may have found its document there already. */
interface Pending {
  readonly write: PayloadWrite
  /** Of the document that is to be renewed; `undefined`: none is there. */
  readonly revision?: string
}

/**
 * Puts payloads where none are yet, in as few calls as their stores take (laws P1, P2). Those that a first attempt has
 * left are kept; of those that nothing fences the time is renewed, since a collector goes by it.
 *
 * @returns what went wrong, by key: these payloads may not be there.
 */
export async function writePayloads(
  writes: readonly PayloadWrite[],
  options: ResolvedOptions,
  adapterFor: AdapterFor,
): Promise<ReadonlyMap<string, EventStoreError>> {
  const failed = new Map<string, EventStoreError>()
  const stores = grouped(writes, ({ segment }) => segment.documents)
  const ofStores = Array.from(stores, async ([documents, ofStore]) => {
    documents.checkOpen()
    await inParallel(
      batchesOf(ofStore, documents, options.maxBatchDocuments),
      options.callsInFlight,
      async (batch) => {
        try {
          await putAll(adapterFor(documents), batch)
        } catch (thrown) {
          const error = notWritten(thrown, documents.name)
          for (const { key } of batch) failed.set(key, error)
        }
      },
    )
  })
  await Promise.all(ofStores)
  return failed
}

async function putAll(adapter: DocumentStoreAdapter, writes: readonly PayloadWrite[]): Promise<void> {
  let pending: readonly Pending[] = writes.map((write) => ({ write }))
  for (let meeting = 0; meeting < MAX_MEETINGS; meeting++) {
    const outcome = await adapter.doWrite(pending.map(encoded))
    if (outcome.ok) return
    if (outcome.error.code !== 'REVISION_CONFLICT') throw outcome.error
    const stored = await adapter.doGet(
      pending.map(({ write: { partition, key } }) => ({ collection: PAYLOADS, partition, key })),
    )
    pending = pending.flatMap(({ write }, index): readonly Pending[] => {
      const revision = stored[index]?.revision
      if (revision === undefined) return [{ write }]
      return write.fenced ? [] : [{ write, revision }]
    })
    if (pending.length === 0) return
  }
  throw new EventStoreError('BUSY', `others wrote the same payloads ${MAX_MEETINGS} times`, {
    retryable: true,
  })
}

function encoded({ write: { partition, key, value }, revision }: Pending): EncodedDocumentWrite {
  return {
    collection: PAYLOADS,
    partition,
    key,
    value,
    expectedRevision: revision === undefined ? 'none' : { revision },
    expiresInMs: undefined,
    listed: true,
  }
}

function batchesOf(
  writes: readonly PayloadWrite[],
  { capabilities }: DocumentStoreParts,
  wanted: number,
): readonly (readonly PayloadWrite[])[] {
  // A lone append, which waits for nobody, waits for no sorting either.
  if (writes.length === 1) return [writes]
  const { documentBatch, maxBatchDocuments, maxDocumentBytes } = capabilities
  // Several appends of the same events may come at once: a repeat does not wait for the first attempt.
  const distinct = [...new Map(writes.map((write) => [write.key, write])).values()]
  if (documentBatch === 'none') return distinct.map((write) => [write])
  const most = Math.min(maxBatchDocuments, wanted)
  const groups = grouped(distinct, ({ partition }) => (documentBatch === 'store' ? 0 : partition))
  // What a store takes in one document it takes in one call; of more no manifest speaks.
  return [...groups.values()].flatMap((group) => chunked(group, most, maxDocumentBytes))
}

function chunked(
  writes: readonly PayloadWrite[],
  most: number,
  maxBytes: number,
): readonly (readonly PayloadWrite[])[] {
  const chunks: PayloadWrite[][] = []
  let chunk: PayloadWrite[] = []
  let chunkBytes = 0
  for (const write of writes) {
    const bytes = Buffer.byteLength(write.value)
    if (chunk.length > 0 && (chunk.length >= most || chunkBytes + bytes > maxBytes)) {
      chunks.push(chunk)
      chunk = []
      chunkBytes = 0
    }
    chunk.push(write)
    chunkBytes += bytes
  }
  return [...chunks, chunk]
}

/** Without its payload no reference was written: whatever became of the payload, the append was not applied. */
function notWritten(thrown: unknown, store: string): EventStoreError {
  if (!EventStoreError.is(thrown)) {
    return new EventStoreError('BACKEND_FAILED', `${store}: the payload was not written, nor was the event`, {
      cause: thrown,
    })
  }
  const code = thrown.outcome === 'unknown' ? 'BACKEND_UNAVAILABLE' : thrown.code
  return new EventStoreError(
    code,
    `${store}: the payload was not written, nor was the event: ${thrown.message}`,
    {
      retryable: thrown.retryable || thrown.outcome === 'unknown',
      cause: thrown,
    },
  )
}
