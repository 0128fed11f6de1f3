import type { Capabilities } from '@eventspine/core'

/** What Couchbase promises through this adapter, with key-value operations alone. */
export const capabilities = {
  store: true,
  documents: true,
  stream: 'derived',
  // By default; the README has what other levels outlive.
  durability: 'majority',
  multiProcess: true,
  // One document is all that a key-value operation changes at once.
  multiStreamAppend: 'none',
  documentsWithAppend: 'none',
  documentBatch: 'none',
  sharedTransaction: 'none',
  callsBesideTransaction: true,
  listing: 'unordered',
  expiry: true,
  removal: true,
  import: true,
  seal: true,
  feedRetention: 'all',
  feedWake: 'push',
  groups: 'leases',
  competingConsumers: false,
  batchScope: 'partition',
  // One operation on the feed serves all commits of a batch.
  maxCommitsPerBatch: 128,
  maxEventsPerBatch: 1000,
  batchesInFlight: 2,
  maxAppendEvents: 2000,
  // A document has at most 20 MiB, and the text of an event may double when it is quoted; a page of the feed has others
  // beside it. https://docs.couchbase.com/server/current/learn/clusters-and-availability/size-limitations.html
  maxAppendBytes: 4 * 1024 * 1024,
  maxAppendStreams: 1,
  maxDocumentBytes: 4 * 1024 * 1024,
  maxBatchDocuments: 256,
  maxKeyBytes: 255,
  // What others left undecided, readers decide.
  maxStallMs: 0,
} as const satisfies Capabilities
