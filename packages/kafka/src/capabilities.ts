import type { Capabilities } from '@eventspine/core'

/** What Kafka promises through this adapter. */
export const capabilities = {
  store: false,
  documents: false,
  stream: 'native',
  // `acks=all` waits for min.insync.replicas; brokers write to disk when their system does. One replica is one machine's
  // memory, three with two in sync outlive the loss of one.
  // https://kafka.apache.org/documentation/#topicconfigs_min.insync.replicas
  durability: 'configured',
  multiProcess: true,
  multiStreamAppend: 'none',
  documentsWithAppend: 'none',
  documentBatch: 'none',
  sharedTransaction: 'none',
  callsBesideTransaction: true,
  listing: 'none',
  expiry: false,
  removal: false,
  import: false,
  seal: false,
  competingConsumers: false,
  feedRetention: 'trimmed',
  feedWake: 'push',
  groups: 'native',
  batchScope: 'store',
  // Measured in reference to raw batches: 500 to 1,000 records a request are the best. kafkajs groups the records of a
  // request by partition in quadratic time, so larger ones cost more than they save.
  maxCommitsPerBatch: 1000,
  maxEventsPerBatch: 1000,
  // Batches of one producer must not overtake each other, and kafkajs sends them one after the other anyway.
  batchesInFlight: 1,
  maxAppendEvents: 10_000,
  // Of one call, in several batches where needed; one event is bounded by the topic's max.message.bytes.
  maxAppendBytes: 16 * 1024 * 1024,
  maxAppendStreams: 10_000,
  maxDocumentBytes: 0,
  maxBatchDocuments: 0,
  maxKeyBytes: 0,
  // Readers stop at the first open transaction; brokers end one that was left open after its timeout, 10 s here.
  maxStallMs: 10_000,
} as const satisfies Capabilities
