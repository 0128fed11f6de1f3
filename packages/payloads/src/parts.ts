import type {
  AdapterTransaction,
  BackendAdapter,
  DocumentStoreAdapter,
  DocumentStoreParts,
} from '@eventspine/core'
import type { ResolvedOptions } from './options.ts'
import { PayloadCache } from './payload-cache.ts'
import type { AdapterFor } from './write-payloads.ts'

/** What the decorated ports of one backend share. */
export interface PayloadParts {
  readonly options: ResolvedOptions
  readonly cache: PayloadCache
  /** Incarnation of the target. */
  readonly store: string
  /** UTF-8 bytes that the target itself takes in one commit. */
  readonly maxAppendBytes: number
  readonly adapterFor: AdapterFor
  /** Payloads are in documents that an open transaction of the target may hold up, like its appends (law A12). */
  readonly waitsForTransactions: boolean
}

/** @param own - documents of the target that its transactions are over. */
export function createParts(
  options: ResolvedOptions,
  { manifest, capabilities }: BackendAdapter,
  own: DocumentStoreAdapter | undefined,
): PayloadParts {
  const stores = [options.data, ...options.named].map(({ documents }) => documents.adapter)
  return {
    options,
    cache: new PayloadCache(options.cacheBytes),
    store: manifest.incarnation,
    maxAppendBytes: capabilities.maxAppendBytes,
    adapterFor: ({ adapter }) => adapter,
    waitsForTransactions: own !== undefined && stores.includes(own),
  }
}

/** The same within a transaction of the target, which its own documents are part of. */
export function partsWithin(
  parts: PayloadParts,
  own: DocumentStoreAdapter | undefined,
  transaction: AdapterTransaction,
): PayloadParts {
  const adapterFor = ({ adapter }: DocumentStoreParts): DocumentStoreAdapter =>
    adapter === own ? transaction.documents : adapter
  // What is read here may never have happened.
  return { ...parts, adapterFor, cache: new PayloadCache(0), waitsForTransactions: false }
}
