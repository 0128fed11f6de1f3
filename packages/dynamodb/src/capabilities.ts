import type { Capabilities } from '@eventspine/core'

/** What DynamoDB promises through this adapter. */
export const capabilities = {
  store: true,
  documents: true,
  stream: 'derived',
  // "replicated across three Availability Zones"; a write is acknowledged by most of them.
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Introduction.html
  durability: 'majority',
  multiProcess: true,
  // A transaction may hold items of any key, but each partition's feed has a writer of its own.
  multiStreamAppend: 'partition',
  documentsWithAppend: 'store',
  documentBatch: 'store',
  // A transaction is one call: it cannot wait for code of the caller.
  sharedTransaction: 'none',
  callsBesideTransaction: true,
  // Sort keys that are strings are ordered by their UTF-8 bytes.
  // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html
  listing: 'ordered',
  expiry: true,
  removal: true,
  import: true,
  seal: true,
  feedRetention: 'all',
  feedWake: 'poll',
  groups: 'leases',
  competingConsumers: false,
  batchScope: 'partition',
  // 100 actions a transaction, one of which is the feed's.
  // https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
  maxCommitsPerBatch: 99,
  maxEventsPerBatch: 2000,
  // The next slot of the feed is written when the one before is known to be there.
  batchesInFlight: 1,
  maxAppendEvents: 2000,
  // 4 MB a transaction, with ids, types and keys.
  maxAppendBytes: 3 * 1024 * 1024,
  // With the feed's action and those that the largest body is split into, the 100 of a transaction.
  maxAppendStreams: 88,
  // 400 KB an item, with its keys.
  // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
  maxDocumentBytes: 384 * 1024,
  maxBatchDocuments: 88,
  // Of a sort key.
  maxKeyBytes: 1024,
  // A transaction is whole or not there: there is no open writer.
  maxStallMs: 0,
} as const satisfies Capabilities
