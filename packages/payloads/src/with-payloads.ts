import {
  adapterOf,
  type AdapterTransaction,
  type Backend,
  type BackendAdapter,
  type Capabilities,
  createBackend,
  documentPartsOf,
  type DocumentStoreAdapter,
} from '@eventspine/core'
import { type PayloadOptions, resolveOptions } from './options.ts'
import { createParts, type PayloadParts, partsWithin } from './parts.ts'
import { PayloadLog } from './payload-log.ts'
import { PayloadStore } from './payload-store.ts'

/** What a backend of {@link withPayloads} was made of. */
export interface PayloadBackendParts {
  readonly target: BackendAdapter
  readonly parts: PayloadParts
}

const backends = new WeakMap<Backend, PayloadBackendParts>()

/** `undefined`: it was not made by {@link withPayloads}. */
export function partsOf(backend: Backend): PayloadBackendParts | undefined {
  return backends.get(backend)
}

/**
 * A backend whose store and native stream keep the data of events apart, in documents: what is larger than a threshold,
 * and the fields that segments select. The stream holds the order, the metadata and a reference.
 *
 * It is used like `target` and obeys the same laws. Payloads are written before the reference to them; readers get the
 * data joined, those of a page by one call a store. Closing it closes `target`, not the documents.
 *
 * `target` itself goes on to work: it reads metadata alone, and refuses with `NOT_SUPPORTED` where data is touched that
 * is kept apart. Write through one of both only, since each groups appends by itself.
 *
 * @throws an EventStoreError `INVALID_ARGUMENT` or `NOT_SUPPORTED` naming the option: among others, documents that
 *   survive less than the target's events do.
 */
export function withPayloads<Native>(target: Backend<Native>, options: PayloadOptions): Backend<Native> {
  return decorate(target, options, () => target.close())
}

/** {@link withPayloads}, which closes by `close`. */
export function decorate<Native>(
  target: Backend<Native>,
  options: PayloadOptions,
  close: () => Promise<void>,
): Backend<Native> {
  const adapter = adapterOf(target)
  const resolved = resolveOptions(options, adapter.capabilities)
  // As others reach them too, since it is by identity that they are known again.
  const transactional = adapter.doTransaction !== undefined && adapter.documents !== undefined
  const own = transactional ? documentPartsOf(target.documents).adapter : undefined
  const parts = createParts(resolved, adapter, own)
  const backend = createBackend<Native>({
    ...adapter,
    capabilities: capabilitiesWith(adapter.capabilities, parts),
    ...(adapter.store === undefined ? {} : { store: new PayloadStore(adapter.store, parts) }),
    ...(adapter.log === undefined ? {} : { log: new PayloadLog(adapter.log, parts, adapter.capabilities) }),
    ...transactionsWith(adapter, parts, own),
    doClose: close,
  })
  backends.set(backend, { target: adapter, parts })
  return backend
}

function capabilitiesWith(target: Capabilities, { options }: PayloadParts): Capabilities {
  const stores = [options.data, ...options.named].map(({ documents }) => documents.capabilities)
  return {
    ...target,
    maxAppendBytes: Math.max(target.maxAppendBytes, options.maxAppendBytes),
    multiProcess: target.multiProcess && stores.every(({ multiProcess }) => multiProcess),
  }
}

function transactionsWith<Native>(
  { doTransaction }: BackendAdapter<Native>,
  parts: PayloadParts,
  own: DocumentStoreAdapter | undefined,
): Pick<BackendAdapter<Native>, 'doTransaction'> {
  if (doTransaction === undefined) return {}
  return {
    doTransaction: (work) =>
      doTransaction((transaction) => {
        const within: AdapterTransaction<Native> = {
          store: new PayloadStore(transaction.store, partsWithin(parts, own, transaction)),
          documents: transaction.documents,
          native: transaction.native,
          nested: (inner) => transaction.nested(inner),
        }
        return work(within)
      }),
  }
}
