import type { Capabilities } from '@eventspine/core'

/** What PostgreSQL promises through this adapter. */
export const capabilities = {
  store: true,
  documents: true,
  stream: 'derived',
  // As synchronous_commit says: `on` by default, which waits for the disk.
  // https://www.postgresql.org/docs/current/runtime-config-wal.html#GUC-SYNCHRONOUS-COMMIT
  durability: 'disk',
  multiProcess: true,
  multiStreamAppend: 'store',
  documentsWithAppend: 'store',
  documentBatch: 'store',
  sharedTransaction: 'native',
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
  batchScope: 'store',
  // Measured: throughput rises up to some 64 commits a call and stays; what is more saves memory on neither side.
  maxCommitsPerBatch: 256,
  // Measured with commits of 100 events: 128 events a call 1.6, 512 2.05, 1,024 2.2 times the same base.
  maxEventsPerBatch: 1024,
  // Measured: while one call holds the partition, the next is built, sent and parsed; a third only waits.
  batchesInFlight: 2,
  maxAppendEvents: 10_000,
  // Of our own: a message may have 1 GB, a field too, but each is in memory several times on both sides.
  // https://www.postgresql.org/docs/current/limits.html
  maxAppendBytes: 16 * 1024 * 1024,
  maxAppendStreams: 1000,
  maxDocumentBytes: 16 * 1024 * 1024,
  maxBatchDocuments: 1000,
  // Far below the 2,704 bytes of an index entry: collection, key and partition are one.
  // https://github.com/postgres/postgres/blob/master/src/include/access/nbtree.h (BTMaxItemSize)
  maxKeyBytes: 255,
  // Readers see what is committed, and only that, whoever holds a transaction open.
  maxStallMs: 0,
} as const satisfies Capabilities

/** What PGlite promises: the same in one process, on one connection. */
export const pgliteCapabilities = {
  ...capabilities,
  // It starts with -F, so `show fsync` says off; and its file system passes no fsync on even without that flag: none is seen
  // by strace. What was acknowledged is with the operating system and outlives a kill, but no power failure.
  // https://github.com/electric-sql/pglite/blob/main/packages/pglite/src/pglite.ts (defaultStartParams)
  durability: 'system',
  multiProcess: false,
  // Its one connection is the transaction's.
  callsBesideTransaction: false,
  batchesInFlight: 1,
} as const satisfies Capabilities
