import { type Backend, createBackend } from '@eventspine/core'
import type {
  BackendAdapter,
  EventLogAdapter,
  RelaySessionAdapter,
  RelayTargetAdapter,
} from '@eventspine/core'
import { Faults } from './faults.ts'
import { faultyDocuments } from './faulty-documents.ts'
import { type LogRetention, MemoryLogDatabase } from './log-database.ts'
import { MemoryDocumentStore } from './memory-document-store.ts'
import { MemoryEventLog } from './memory-event-log.ts'
import { streamCapabilities } from './stream-capabilities.ts'

export interface MemoryStreamOptions {
  /** What streams of one process share. Default: a new, empty one. */
  readonly database?: MemoryLogDatabase | undefined
  /** Faults to inject into this backend. */
  readonly faults?: Faults | undefined
  /** Of a new database. Default 1. */
  readonly partitions?: number | undefined
  /** Of a new database: milliseconds since the epoch. */
  readonly clock?: (() => number) | undefined
  /** Of a new database. Default: everything is kept. */
  readonly retention?: LogRetention | undefined
}

/**
 * A native stream in this process's memory, with documents and without a store: what Redis Streams and Kafka
 * are, for tests and development. Relays may write to it. Nothing survives the process.
 */
export function memoryStream(options: MemoryStreamOptions = {}): Backend<undefined> {
  return createBackend(memoryStreamAdapter(options))
}

/** What {@link memoryStream} makes its backend of: for decorators of the adapter, in tests above all. */
export function memoryStreamAdapter(options: MemoryStreamOptions = {}): BackendAdapter<undefined> {
  const { database = new MemoryLogDatabase(options), faults = new Faults() } = options
  return {
    name: 'memory',
    capabilities: streamCapabilities,
    manifest: database.manifest,
    documents: faultyDocuments(new MemoryDocumentStore(database.documents), faults),
    log: faultyLog(new MemoryEventLog(database), faults),
    doClose: async () => undefined,
  }
}

function faultyLog(log: MemoryEventLog, faults: Faults): EventLogAdapter {
  return {
    doPublish: (commits) => faults.run('publish', () => log.doPublish(commits)),
    doReadFeed: (request) => faults.run('readFeed', () => log.doReadFeed(request)),
    doFeedHead: (partition) => faults.run('feedHead', () => log.doFeedHead(partition)),
    doWaitForFeed: (partition, after, signal) =>
      faults.run('waitForFeed', () => log.doWaitForFeed(partition, after, signal)),
    relay: faultyRelay(log.relay, faults),
    competing: log.competing,
  }
}

function faultyRelay(target: RelayTargetAdapter, faults: Faults): RelayTargetAdapter {
  return {
    doOpenRelay: (request) =>
      faults.run('openRelay', async () => faultySession(await target.doOpenRelay(request), faults)),
  }
}

function faultySession(session: RelaySessionAdapter, faults: Faults): RelaySessionAdapter {
  return {
    get position() {
      return session.position
    },
    doWrite: (events, position) => faults.run('relayWrite', () => session.doWrite(events, position)),
    doClose: () => faults.run('relayClose', () => session.doClose()),
  }
}
