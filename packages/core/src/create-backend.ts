import { absentDocuments, absentStore } from './absent-port.ts'
import type { AdapterTransaction, BackendAdapter } from './adapter.ts'
import type { DocumentStore } from './document-store.ts'
import type { EventLogAdapter } from './log-adapter.ts'
import type { Backend, Transaction } from './backend.ts'
import { CallsInHand, withCallsInHand } from './calls-in-hand.ts'
import type { Capabilities } from './capabilities.ts'
import { EventStoreError, invalidArgument, notSupported } from './error.ts'
import type { EventStream } from './event-stream.ts'
import { logAsStore, publishingCapabilities } from './log-store.ts'
import { WrappedEventStream } from './wrapped-event-stream.ts'
import { WrappedDocumentStore } from './wrapped-document-store.ts'
import { WrappedEventStore } from './wrapped-event-store.ts'

/** What each backend was made of. */
const adapters = new WeakMap<Backend, BackendAdapter>()

/** Makes the ports that users hold around an adapter. Adapter packages call it; users call those. */
export function createBackend<Native = unknown>(adapter: BackendAdapter<Native>): Backend<Native> {
  const backend = new WrappedBackend(adapter)
  adapters.set(backend, adapter)
  return backend
}

/**
 * The adapter that a backend was made of, for decorators: they change it and call {@link createBackend}.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT`: it was not made by {@link createBackend}.
 */
export function adapterOf<Native>(backend: Backend<Native>): BackendAdapter<Native> {
  const adapter = adapters.get(backend)
  if (adapter === undefined) throw invalidArgument('backend', 'was not made by createBackend')
  // Sound: it was put there with the type of the backend.
  return adapter as BackendAdapter<Native>
}

/**
 * Makes the ports over a transaction that is already open, for adapters that can work inside one of the
 * caller's. Appends are not grouped: what is sent is part of the caller's transaction.
 */
export function createTransaction<Native>(
  adapter: BackendAdapter<Native>,
  transaction: AdapterTransaction<Native>,
): Transaction<Native> {
  return portsWithin(adapter, transaction)
}

function portsWithin<Native>(adapter: BackendAdapter<Native>, transaction: AdapterTransaction<Native>) {
  const capabilities: Capabilities = { ...adapter.capabilities, maxCommitsPerBatch: 1, batchesInFlight: 1 }
  const backend = { ...adapter, capabilities }
  return {
    store: new WrappedEventStore(backend, transaction.store),
    documents: new WrappedDocumentStore(backend, transaction.documents),
    native: transaction.native,
  }
}

class WrappedBackend<Native> implements Backend<Native> {
  readonly name: string
  readonly capabilities: Capabilities
  readonly store: WrappedEventStore
  readonly documents: DocumentStore
  readonly stream: EventStream<Native>
  readonly #adapter: BackendAdapter<Native>
  readonly #log: WrappedEventStore | undefined
  readonly #ownDocuments: WrappedDocumentStore
  readonly #callsInHand = new CallsInHand()
  #closing: Promise<void> | undefined

  constructor(given: BackendAdapter<Native>) {
    const adapter = withCallsInHand(given, this.#callsInHand)
    this.#adapter = adapter
    this.name = adapter.name
    this.capabilities = withBorrowed(adapter)
    this.store = new WrappedEventStore(adapter, adapter.store ?? absentStore(adapter.name))
    this.#ownDocuments = new WrappedDocumentStore(adapter, adapter.documents ?? absentDocuments(adapter.name))
    this.documents = adapter.borrowedDocuments ?? this.#ownDocuments
    this.#log = adapter.log === undefined ? undefined : wrapLog(adapter, adapter.log)
    this.stream = new WrappedEventStream({
      store: this.#log ?? this.store,
      documents: this.capabilities.documents ? this.documents : undefined,
      adapter,
      capabilities: this.capabilities,
    })
  }

  async transaction<Result>(work: (transaction: Transaction<Native>) => Promise<Result>): Promise<Result> {
    if (this.#closing !== undefined) throw new EventStoreError('CLOSED', 'the backend is closed')
    const { doTransaction } = this.#adapter
    if (doTransaction === undefined)
      throw notSupported(`${this.name} has no transaction over store and documents`)
    return doTransaction(async (transaction) => {
      const ports = portsWithin(this.#adapter, transaction)
      try {
        return await work(ports)
      } finally {
        // An append that nobody awaited belongs to this transaction still; what comes later belongs to none.
        await ports.store.close()
        ports.documents.close()
      }
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    // Subscriptions still need both ports to finish what is in hand.
    await this.stream.close()
    await this.store.close()
    await this.#log?.close()
    this.#ownDocuments.close()
    await this.#callsInHand.settled()
    await this.#adapter.doClose()
  }
}

function wrapLog(adapter: BackendAdapter, log: EventLogAdapter): WrappedEventStore {
  const capabilities = publishingCapabilities(adapter.capabilities)
  return new WrappedEventStore({ ...adapter, capabilities }, logAsStore(adapter.name, log))
}

/** What the manifest says of documents is said of those that are used. */
function withBorrowed({ capabilities, borrowedDocuments }: BackendAdapter): Capabilities {
  if (borrowedDocuments === undefined) return capabilities
  const { documentBatch, listing, expiry, maxDocumentBytes, maxBatchDocuments, maxKeyBytes } =
    borrowedDocuments.capabilities
  const theirs = { documentBatch, listing, expiry, maxDocumentBytes, maxBatchDocuments, maxKeyBytes }
  return { ...capabilities, ...theirs, documents: true }
}
