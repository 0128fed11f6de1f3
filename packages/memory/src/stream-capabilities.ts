import type { Capabilities } from '@eventspine/core'
import { capabilities } from './capabilities.ts'

/** Of a log with documents of its own: what it shares with the store has the same limits. */
export const streamCapabilities = {
  ...capabilities,
  store: false,
  stream: 'native',
  multiStreamAppend: 'none',
  documentsWithAppend: 'none',
  sharedTransaction: 'none',
  removal: false,
  import: false,
  seal: false,
  feedRetention: 'trimmed',
  competingConsumers: true,
} as const satisfies Capabilities
