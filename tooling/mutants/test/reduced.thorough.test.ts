import {
  testBed,
  testDocumentStore,
  testEventStore,
  type OpenRequest,
  type TestBackend,
} from '@eventspine/conformance'
import { type BackendAdapter, type Capabilities, createBackend } from '@eventspine/core'
import { memoryAdapter, MemoryDatabase } from '@eventspine/memory'
import { describe, it } from 'vitest'

/** Memory that declares, and so is held to, less than it could do. */
function openReduced(change: (adapter: BackendAdapter<undefined>) => BackendAdapter<undefined>) {
  return ({ partitions }: OpenRequest): Promise<TestBackend> => {
    const database = new MemoryDatabase({ partitions })
    return testBed(() => createBackend(change(memoryAdapter({ database }))))
  }
}

function declaring(changed: Partial<Capabilities>) {
  return (adapter: BackendAdapter<undefined>): BackendAdapter<undefined> => ({
    ...adapter,
    capabilities: { ...adapter.capabilities, ...changed },
  })
}

/** As far as one partition: what a cluster of shards can offer. */
const sharded = {
  describe,
  it,
  name: 'memory, sharded',
  rounds: 5,
  open: openReduced(
    declaring({
      multiStreamAppend: 'partition',
      documentsWithAppend: 'partition',
      documentBatch: 'partition',
      batchScope: 'partition',
      maxCommitsPerBatch: 3,
      maxEventsPerBatch: 16,
      batchesInFlight: 4,
      maxAppendEvents: 100,
      maxAppendBytes: 1_000_000,
      maxAppendStreams: 5,
      maxDocumentBytes: 400_000,
      maxBatchDocuments: 10,
      listing: 'unordered',
      feedWake: 'poll',
    }),
  ),
}

/** Nothing that is not needed: every case that can refuse does. */
const bare = {
  describe,
  it,
  name: 'memory, bare',
  rounds: 5,
  open: openReduced((adapter) => {
    const { documents: _documents, doTransaction: _doTransaction, ...rest } = adapter
    return declaring({
      documents: false,
      stream: 'none',
      multiStreamAppend: 'none',
      documentsWithAppend: 'none',
      documentBatch: 'none',
      sharedTransaction: 'none',
      listing: 'none',
      expiry: false,
      removal: false,
      import: false,
      seal: false,
      feedWake: 'poll',
      maxCommitsPerBatch: 1,
      maxAppendStreams: 1,
    })(rest)
  }),
}

for (const reduced of [sharded, bare]) {
  testEventStore({ ...reduced, reference: openReduced((adapter) => adapter) })
  testDocumentStore(reduced)
}
