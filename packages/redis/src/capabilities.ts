import type { Capabilities } from '@eventspine/core'

/** What Redis promises through this adapter. */
export const capabilities = {
  store: true,
  documents: true,
  stream: 'derived',
  // As appendfsync and the replicas say; the README has the table.
  durability: 'configured',
  multiProcess: true,
  // The keys of one script are in one slot, and a partition is one.
  // https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
  multiStreamAppend: 'partition',
  documentsWithAppend: 'partition',
  documentBatch: 'partition',
  // A script cannot wait for code of the caller, and MULTI cannot read before it decides.
  sharedTransaction: 'none',
  callsBesideTransaction: true,
  listing: 'ordered',
  expiry: true,
  removal: true,
  import: true,
  seal: true,
  feedRetention: 'all',
  feedWake: 'push',
  groups: 'leases',
  competingConsumers: false,
  batchScope: 'partition',
  // Measured: a call of 64 commits costs client and server together half of 64 calls.
  maxCommitsPerBatch: 64,
  maxEventsPerBatch: 1000,
  batchesInFlight: 2,
  // Of our own, as all below: a script holds up everybody else for as long as it runs.
  maxAppendEvents: 2000,
  maxAppendBytes: 4 * 1024 * 1024,
  maxAppendStreams: 256,
  maxDocumentBytes: 4 * 1024 * 1024,
  maxBatchDocuments: 256,
  maxKeyBytes: 255,
  // A script is whole or not there: there is no open writer.
  maxStallMs: 0,
} as const satisfies Capabilities
