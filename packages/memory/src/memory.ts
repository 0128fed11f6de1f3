import { type Backend, createBackend } from '@eventspine/core'
import type { BackendAdapter, EventStoreAdapter } from '@eventspine/core'
import { capabilities } from './capabilities.ts'
import { MemoryDatabase } from './database.ts'
import { Faults } from './faults.ts'
import { faultyDocuments } from './faulty-documents.ts'
import { MemoryDocumentStore } from './memory-document-store.ts'
import { MemoryEventStore } from './memory-event-store.ts'
import { runTransaction } from './memory-transaction.ts'

export interface MemoryOptions {
  /** What backends of one process share. Default: a new, empty one. */
  readonly database?: MemoryDatabase | undefined
  /** Faults to inject into this backend. */
  readonly faults?: Faults | undefined
  /** Of a new database. Default 1. */
  readonly partitions?: number | undefined
  /** Of a new database: milliseconds since the epoch. */
  readonly clock?: (() => number) | undefined
  /** Milliseconds that appends wait for an open transaction. Default 2,000. */
  readonly lockTimeoutMs?: number | undefined
}

/** A backend in this process's memory: for tests and development. Nothing survives the process. */
export function memory(options: MemoryOptions = {}): Backend<undefined> {
  return createBackend(memoryAdapter(options))
}

/** What {@link memory} makes its backend of: for decorators of the adapter, in tests above all. */
export function memoryAdapter(options: MemoryOptions = {}): BackendAdapter<undefined> {
  const { database = new MemoryDatabase(options), faults = new Faults(), lockTimeoutMs = 2000 } = options
  const documents = new MemoryDocumentStore(database)
  return {
    name: 'memory',
    capabilities,
    manifest: database.manifest,
    lockTimeoutMs,
    store: faultyStore(new MemoryEventStore(database, documents), faults),
    documents: faultyDocuments(documents, faults),
    doTransaction: (work) => faults.run('transaction', () => runTransaction(database, lockTimeoutMs, work)),
    doClose: async () => undefined,
  }
}

function faultyStore(store: EventStoreAdapter, faults: Faults): EventStoreAdapter {
  return {
    doAppend: (commits, lockTimeoutMs) => faults.run('append', () => store.doAppend(commits, lockTimeoutMs)),
    doRead: (request) => faults.run('read', () => store.doRead(request)),
    doHead: (streamId, partition) => faults.run('head', () => store.doHead(streamId, partition)),
    doReadFeed: (request) => faults.run('readFeed', () => store.doReadFeed(request)),
    doFeedHead: (partition) => faults.run('feedHead', () => store.doFeedHead(partition)),
    doWaitForFeed: (partition, after, signal) =>
      faults.run('waitForFeed', () => store.doWaitForFeed(partition, after, signal)),
    doRemove: (removal) => faults.run('remove', () => store.doRemove(removal)),
    doImport: (partition, events) => faults.run('import', () => store.doImport(partition, events)),
    doSeal: (partition, sealed) => faults.run('seal', () => store.doSeal(partition, sealed)),
  }
}
