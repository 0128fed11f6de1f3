import type { Capabilities } from './capabilities.ts'
import type { DocumentStore } from './document-store.ts'
import type { EventStoreError, ExpectedVersion } from './error.ts'
import type { GroupAdapter } from './group-adapter.ts'
import type { EventLogAdapter } from './log-adapter.ts'
import type { EventOrigin } from './event.ts'
import type { StoreManifest } from './store-manifest.ts'

/*
 * The inner interfaces: what an adapter implements and nobody else calls. Arguments are complete and
 * valid: ids, versions, limits, sizes and capabilities were checked by the wrapper, bodies are encoded.
 * Every law in `docs/guarantees.md` names the conformance case that proves it.
 *
 * Failures: a verdict about one commit is returned as its outcome; a failure of the whole call (the
 * server is gone) is thrown as an EventStoreError with the right `outcome`. Anything else thrown is
 * taken for a defect of the adapter and reported as `BACKEND_FAILED` with outcome `unknown`.
 */

/**
 * How `data` is written: 0 = JSON text; 1 = bytes, as a JSON string of base64; 2 = JSON text of a reference to data
 * that is kept apart. Adapters store what they are given, whichever it is.
 */
export type Codec = 0 | 1 | 2

/** An event as it is stored. `data` and `metadata` are JSON text without raw line breaks. */
export interface EncodedEvent {
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  readonly codec: Codec
  readonly data: string
  /** Holds the user's metadata and, under `$` keys, the rare parts of the envelope. */
  readonly metadata: string
}

/** Events for one stream within a commit. At least one event. */
export interface StreamAppend {
  readonly streamId: string
  readonly partition: number
  readonly expectedVersion: ExpectedVersion
  readonly events: readonly EncodedEvent[]
}

/** Where a document lives. The partition is part of the address. */
export interface DocumentAddress {
  readonly collection: string
  readonly partition: number
  readonly key: string
}

/** `any`: whatever is there; `none`: nothing; otherwise the revision that must be there now. */
export type ExpectedRevision = 'any' | 'none' | { readonly revision: string }

/** One document write. `value` is JSON text; `undefined` deletes. */
export interface EncodedDocumentWrite extends DocumentAddress {
  readonly value: string | undefined
  readonly expectedRevision: ExpectedRevision
  /** Milliseconds from now until the document is no longer returned; `undefined`: never. */
  readonly expiresInMs: number | undefined
  /** The collection was opened as listed. Backends whose listing is free ignore it. */
  readonly listed: boolean
}

/** One atomic append: all of it becomes visible, or none. Streams are distinct. */
export interface Commit {
  readonly appends: readonly StreamAppend[]
  readonly documents: readonly EncodedDocumentWrite[]
}

/** What one stream of a commit got. The commit's events of that stream end at `version`. */
export interface StreamOutcome {
  readonly version: number
  /** Sequence of the commit's last event of this stream. */
  readonly sequence: number
}

/** The verdict on one commit. A refused commit wrote nothing. */
export type CommitOutcome =
  | {
      readonly ok: true
      /** In the order of `commit.appends`. */
      readonly streams: readonly StreamOutcome[]
      /** In the order of `commit.documents`; `undefined` for a delete. */
      readonly revisions: readonly (string | undefined)[]
    }
  | { readonly ok: false; readonly error: EventStoreError }

/** An event as an adapter returns it. May be a view that decodes its row on access. */
export interface StoredEvent extends EncodedEvent {
  readonly streamId: string
  readonly version: number
  readonly partition: number
  readonly sequence: number
  /** Milliseconds since the epoch, of the store's clock. */
  readonly timestampMs: number
  /** Where a relay took the event from; only in logs. */
  readonly origin?: EventOrigin | undefined
}

/** One page of a stream. `from` and `to` are inclusive versions; `from` > `to` never comes. */
export interface StreamPageRequest {
  readonly streamId: string
  readonly partition: number
  readonly from: number
  readonly to: number
  readonly direction: 'forward' | 'backward'
  /** At least 1. */
  readonly limit: number
}

export interface StreamPage {
  /** In the direction asked for; removed events are left out. */
  readonly events: readonly StoredEvent[]
  /** No further event matches. May be `false` although the next page turns out empty. */
  readonly done: boolean
  /** Where the next page starts: needed only when not `done`. */
  readonly next: number
}

/** What is known of a stream without reading it. */
export interface StoredHead {
  /** 0: nothing was ever appended. Survives removal. */
  readonly version: number
  readonly deleted: boolean
  /** First version that a read can return; `version + 1` when all are removed. 1 when nothing was. */
  readonly firstVersion: number
  /** Of the event (or tombstone) at `version`; 0 at version 0. */
  readonly sequence: number
  /** Id of the event (or tombstone) at `version`; `undefined` at version 0. */
  readonly id: string | undefined
}

export interface FeedPageRequest {
  readonly partition: number
  /** Sequence after which to read; 0 for the start. */
  readonly after: number
  /** At least 1. */
  readonly limit: number
}

export interface FeedPage {
  /** With a sequence above `after`, ascending; removed events are left out. */
  readonly events: readonly StoredEvent[]
  /**
   * Id of the event (or tombstone) that stands at `after`, read together with the page; `undefined` at 0
   * or when nothing stands there. The wrapper holds it against the position it resumes from (law F8).
   */
  readonly anchorId: string | undefined
  /** The lowest sequence kept; above `after + 1` the position has expired. 1 when all is kept. */
  readonly firstKept: number
  /** Sequence of the last entry looked at, removed ones included; `after` when there was none. */
  readonly next: number
  /** Id of the entry at `next`; `anchorId` when there was none. */
  readonly nextId: string | undefined
  /** Nothing stood behind `next` when the page was read. */
  readonly atEnd: boolean
}

export interface FeedHead {
  readonly sequence: number
  readonly id: string | undefined
}

/** Removal of all events of a stream (`before` = version + 1, `deleted`) or of those below `before`. */
export interface StreamRemoval {
  readonly streamId: string
  readonly partition: number
  readonly kind: 'delete' | 'truncate'
  /** Truncate: the first version that stays. Ignored for delete. At most `version + 1`, else refused. */
  readonly before: number
  readonly expectedVersion: ExpectedVersion
}

export type RemovalOutcome =
  | { readonly ok: true; readonly version: number }
  | { readonly ok: false; readonly error: EventStoreError }

/** A recorded event to be stored as it was elsewhere. Its place in the feed is new. */
export interface ImportedEvent extends EncodedEvent {
  readonly streamId: string
  readonly version: number
  readonly timestampMs: number
}

/** Partitions that are read in order, from any place on: what subscribing needs. */
export interface FeedAdapter {
  doReadFeed(request: FeedPageRequest): Promise<FeedPage>
  /** The last entry of a partition (event or tombstone); sequence 0 without id when empty. */
  doFeedHead(partition: number): Promise<FeedHead>
  /**
   * Resolves when the partition may hold more than `after`, when `signal` aborts, or when the
   * adapter feels like it: a hint, never a promise. The caller bounds the wait.
   */
  doWaitForFeed(partition: number, after: number, signal: AbortSignal): Promise<void>
}

/** What stores implement. */
export interface EventStoreAdapter extends FeedAdapter {
  /**
   * Appends a batch: each commit succeeds or fails alone, in order where commits share a stream.
   * Stream ids of one commit are distinct; the batch keeps within the manifest's caps, except that a
   * single commit may exceed `maxEventsPerBatch`.
   *
   * Expectations of streams are judged before those of documents. An append waits for others at most
   * `lockTimeoutMs`, then its outcome is `BUSY`.
   */
  doAppend(commits: readonly Commit[], lockTimeoutMs: number): Promise<readonly CommitOutcome[]>
  doRead(request: StreamPageRequest): Promise<StreamPage>
  doHead(streamId: string, partition: number): Promise<StoredHead>
  /** Removes; repeating it after a crash finishes it (law D4). Called only with `removal: true`. */
  doRemove(removal: StreamRemoval): Promise<RemovalOutcome>
  /**
   * Stores events of one partition, in order, all or none. An event whose stream already has that id at
   * that version is passed over; another id there is `ID_REUSED`; a version that does not follow the
   * stream's head is a conflict, unless the stream is new. Called only with `import: true`.
   */
  doImport(partition: number, events: readonly ImportedEvent[]): Promise<CommitOutcome>
  /** Closes or reopens a partition for appends. Called only with `seal: true`. */
  doSeal(partition: number, sealed: boolean): Promise<void>
}

/** A document as it is stored. */
export interface StoredDocument {
  readonly value: string
  readonly revision: string
  /** Milliseconds since the epoch, of the store's clock; `undefined`: never. */
  readonly expiresAtMs: number | undefined
}

export interface DocumentPageRequest {
  readonly collection: string
  readonly partition: number
  /** Keys start with this; may be empty. */
  readonly prefix: string
  /** The `next` of the page before; `undefined` for the first. */
  readonly after: string | undefined
  readonly limit: number
}

export interface DocumentPage {
  readonly documents: readonly (StoredDocument & { readonly key: string })[]
  /** `undefined` after the last page. */
  readonly next: string | undefined
}

export type DocumentBatchOutcome =
  | { readonly ok: true; readonly revisions: readonly (string | undefined)[] }
  | { readonly ok: false; readonly error: EventStoreError }

/** What document stores implement. Revisions never repeat at one address (law K1). */
export interface DocumentStoreAdapter {
  /** In the order asked for; `undefined` where nothing is or it has expired. */
  doGet(addresses: readonly DocumentAddress[]): Promise<readonly (StoredDocument | undefined)[]>
  /** All or none. Addresses are distinct and within the declared scope. */
  doWrite(writes: readonly EncodedDocumentWrite[]): Promise<DocumentBatchOutcome>
  doList(request: DocumentPageRequest): Promise<DocumentPage>
}

/** A transaction over both ports. What is done through it becomes visible all at once, or not at all. */
export interface AdapterTransaction<Native = unknown> {
  readonly store: EventStoreAdapter
  readonly documents: DocumentStoreAdapter
  /** The backend's own client within the transaction; `undefined` unless `sharedTransaction` is `native`. */
  readonly native: Native
  /** Runs `work`; when it throws, what it did is undone while the transaction lives on. */
  nested<Result>(work: () => Promise<Result>): Promise<Result>
}

/** What an adapter package hands to core's `createBackend`. */
export interface BackendAdapter<Native = unknown> {
  /** Short and stable: `postgres`. */
  readonly name: string
  readonly capabilities: Capabilities
  readonly manifest: StoreManifest
  /** How long appends that do not say wait for other writers. Default 2,000. */
  readonly lockTimeoutMs?: number | undefined
  readonly store?: EventStoreAdapter
  readonly documents?: DocumentStoreAdapter
  /** The backend's own stream. Present exactly where `capabilities.stream` is `native`. */
  readonly log?: EventLogAdapter
  /**
   * Documents of another backend, given by the user to one that has none: checkpoints, parked streams and
   * effects of consumers are kept there. Never closed. What the manifest says of documents is then theirs.
   */
  readonly borrowedDocuments?: DocumentStore | undefined
  /** Groups of the backend's own that decide which member owns a partition; absent: leases in documents do. */
  readonly groups?: GroupAdapter | undefined
  /** Commits when `work` resolves, rolls back when it rejects. Present unless `sharedTransaction` is `none`. */
  readonly doTransaction?: <Result>(
    work: (transaction: AdapterTransaction<Native>) => Promise<Result>,
  ) => Promise<Result>
  /** Ends clients that the adapter made itself. Called once, after appends have drained. */
  doClose(): Promise<void>
}
