import type { BackendAdapter, DocumentStoreAdapter, EventStoreAdapter, FeedAdapter } from './adapter.ts'
import type { EventLogAdapter } from './log-adapter.ts'

/**
 * The calls of an adapter that are under way. It is closed only when they have settled: a reader whose client is
 * ended beneath it would be told of an outage, or wait for a connection that nobody gives back.
 */
export class CallsInHand {
  #count = 0
  #onNone: (() => void) | undefined

  async run<Result>(call: Promise<Result>): Promise<Result> {
    this.#count++
    try {
      return await call
    } finally {
      if (--this.#count === 0) this.#onNone?.()
    }
  }

  /** Resolves when none is under way. To be awaited once nobody starts another. */
  async settled(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => (this.#onNone = resolve))
  }
}

/** The same adapter, whose calls are counted. Waiting for the feed is not: closing the adapter ends it. */
export function withCallsInHand<Native>(
  adapter: BackendAdapter<Native>,
  calls: CallsInHand,
): BackendAdapter<Native> {
  const { store, documents, log } = adapter
  return {
    ...adapter,
    ...(store === undefined ? {} : { store: countedStore(store, calls) }),
    ...(documents === undefined ? {} : { documents: countedDocuments(documents, calls) }),
    ...(log === undefined ? {} : { log: countedLog(log, calls) }),
  }
}

function countedFeed(feed: FeedAdapter, calls: CallsInHand): FeedAdapter {
  return {
    doReadFeed: (request) => calls.run(feed.doReadFeed(request)),
    doFeedHead: (partition) => calls.run(feed.doFeedHead(partition)),
    doWaitForFeed: (partition, after, signal) => feed.doWaitForFeed(partition, after, signal),
  }
}

function countedStore(store: EventStoreAdapter, calls: CallsInHand): EventStoreAdapter {
  return {
    ...countedFeed(store, calls),
    doAppend: (commits, lockTimeoutMs) => calls.run(store.doAppend(commits, lockTimeoutMs)),
    doRead: (request) => calls.run(store.doRead(request)),
    doHead: (streamId, partition) => calls.run(store.doHead(streamId, partition)),
    doRemove: (removal) => calls.run(store.doRemove(removal)),
    doImport: (partition, events) => calls.run(store.doImport(partition, events)),
    doSeal: (partition, sealed) => calls.run(store.doSeal(partition, sealed)),
  }
}

function countedLog(log: EventLogAdapter, calls: CallsInHand): EventLogAdapter {
  const { relay, competing } = log
  return {
    ...countedFeed(log, calls),
    doPublish: (commits) => calls.run(log.doPublish(commits)),
    ...(relay === undefined ? {} : { relay }),
    ...(competing === undefined ? {} : { competing }),
  }
}

function countedDocuments(documents: DocumentStoreAdapter, calls: CallsInHand): DocumentStoreAdapter {
  return {
    doGet: (addresses) => calls.run(documents.doGet(addresses)),
    doWrite: (writes) => calls.run(documents.doWrite(writes)),
    doList: (request) => calls.run(documents.doList(request)),
  }
}
