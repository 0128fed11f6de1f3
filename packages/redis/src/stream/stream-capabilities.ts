import type { Capabilities } from '@eventspine/core'
import { capabilities } from '../capabilities.ts'

/** What a stream in Redis promises. Its documents are those of the store, and limits are the same. */
export const streamCapabilities = {
  ...capabilities,
  store: false,
  stream: 'native',
  multiStreamAppend: 'none',
  documentsWithAppend: 'none',
  removal: false,
  import: false,
  seal: false,
  feedRetention: 'trimmed',
  competingConsumers: true,
  // One call may go to several partitions; concurrent ones are grouped into one script call a partition. With one
  // batch under way at a time, calls keep their order in every stream.
  batchScope: 'store',
  maxCommitsPerBatch: 256,
  maxEventsPerBatch: 1000,
  batchesInFlight: 1,
} as const satisfies Capabilities
