import type { Capabilities } from './capabilities.ts'
import type { DocumentWrite } from './document-store.ts'
import type { ExpectedVersion } from './error.ts'
import type { NewEvent, RecordedEvent } from './event.ts'
import type { Position, Token } from './position.ts'
import type { StreamId } from './stream-id.ts'

export interface AppendOptions {
  /** Default `any`. */
  readonly expectedVersion?: ExpectedVersion | undefined
  /** Milliseconds to wait for other writers before `BUSY`. Default: the store's own. */
  readonly lockTimeoutMs?: number | undefined
  /** Aborting before the commit was sent leaves nothing written; afterwards the outcome is unknown. */
  readonly signal?: AbortSignal | undefined
}

/** Events for one stream of a {@link CommitRequest}. */
export interface CommitStream {
  readonly streamId: string
  readonly events: readonly NewEvent[]
  /** Default `any`. */
  readonly expectedVersion?: ExpectedVersion | undefined
}

/** One atomic commit of several streams and documents, as far as the backend declares. */
export interface CommitRequest {
  readonly streams: readonly CommitStream[]
  readonly documents?: readonly DocumentWrite[] | undefined
  readonly lockTimeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface StreamResult {
  readonly streamId: StreamId
  /** The stream's version after the commit: the `expectedVersion` of the next append. */
  readonly version: number
  /** Of the commit's last event of this stream; `undefined` when the stream has no event. */
  readonly position: Position | undefined
}

export interface AppendResult extends StreamResult {
  /** To wait for in consumers: `caughtUpTo(token)`. */
  readonly token: Token
  /** The same ids were already stored at this version: nothing was written, this is the first result. */
  readonly repeated: boolean
}

export interface CommitResult {
  /** In the order of the request's streams. */
  readonly streams: readonly StreamResult[]
  /** In the order of the request's documents; `undefined` for a delete. */
  readonly revisions: readonly (string | undefined)[]
  readonly token: Token
  readonly repeated: boolean
}

export interface ReadOptions {
  /** First version, inclusive. Default 1. */
  readonly from?: number | undefined
  /** Last version, inclusive. Default: the end. Below `from`, nothing is read. */
  readonly to?: number | undefined
  /** `backward` reads from `to` down to `from`. Default `forward`. */
  readonly direction?: 'forward' | 'backward' | undefined
  /** The most events to return, in the direction read; 0 reads nothing. */
  readonly limit?: number | undefined
  /** Events fetched by one request. Default 1,000. */
  readonly pageSize?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * A read that starts when it is iterated. An `await` an event costs more than the event: use
 * {@link EventRead.pages} or {@link EventRead.toArray} where speed matters.
 */
export interface EventRead<Event extends RecordedEvent = RecordedEvent> extends AsyncIterable<Event> {
  /** Whole pages as they arrive; the next one is fetched while this one is handled. */
  pages(): AsyncIterable<readonly Event[]>
  /** All events at once. Bound it with `limit`. */
  toArray(): Promise<Event[]>
}

export interface StreamHead {
  readonly streamId: StreamId
  /** 0 when nothing was ever appended; kept by removal. */
  readonly version: number
  /** Was appended to and is not deleted. A stream truncated as a whole still exists. */
  readonly exists: boolean
  readonly deleted: boolean
  /** First version that a read can return: above 1 after a truncation. */
  readonly firstVersion: number
  readonly position: Position | undefined
}

export interface FeedOptions {
  /** Default 0. */
  readonly partition?: number | undefined
  /** Default: the start of the partition. */
  readonly after?: Position | undefined
  /** The most events to return. Default: all up to the end of the feed as found on the way. */
  readonly limit?: number | undefined
  /** Events fetched by one request. Default 1,000. */
  readonly pageSize?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A page of the feed. */
export interface FeedSlice {
  readonly events: readonly RecordedEvent[]
  /** Where to resume: behind the last event and behind removed ones. */
  readonly next: Position
  /** Nothing stood behind `next` when the page was read. */
  readonly atEnd: boolean
}

/** A read of the feed up to its end. `slices()` also tells where to resume. */
export interface FeedRead extends EventRead {
  slices(): AsyncIterable<FeedSlice>
}

export interface RemoveOptions {
  /** Default `exists`. */
  readonly expectedVersion?: ExpectedVersion | undefined
}

/** An event to import: as recorded elsewhere, with its id, version and timestamp. */
export type ImportEvent = Pick<
  RecordedEvent,
  'id' | 'type' | 'schemaVersion' | 'streamId' | 'streamPosition' | 'timestamp' | 'data' | 'metadata'
> &
  Partial<Pick<RecordedEvent, 'occurredAt' | 'tags' | 'contentType'>>

/**
 * Streams of events with optimistic concurrency, and the ordered feed of all that was committed.
 *
 * The laws that hold on every backend are in `docs/guarantees.md`.
 */
export interface EventStore {
  readonly capabilities: Capabilities
  /** A random id of this store; positions carry it. */
  readonly incarnation: string
  /** Number of feed partitions. */
  readonly partitions: number

  /**
   * Appends `events` to a stream: all become readable, or none. An empty list checks the expectation and
   * writes nothing.
   *
   * @throws {@link VersionConflictError} the stream is at another version; nothing was written.
   * @throws {@link EventStoreError} `INVALID_ARGUMENT`, `LIMIT_EXCEEDED` (before any I/O),
   *   `ID_REUSED`, `STREAM_DELETED`, `PARTITION_SEALED`, `BUSY`, `CLOSED`: nothing was written.
   *   `BACKEND_UNAVAILABLE`, `OUTCOME_UNKNOWN`, `ABORTED`, …: see `outcome`. Where it is `unknown`, repeating the call
   *   with the same event ids at an exact version (or `none`) decides it; under `any` and `exists` a
   *   repeat may double the events.
   */
  append(streamId: string, events: readonly NewEvent[], options?: AppendOptions): Promise<AppendResult>

  /** Appends to several streams, and writes documents, in one atomic commit. Errors as of `append`. */
  commit(request: CommitRequest): Promise<CommitResult>

  /** Reads a stream; a missing one reads as empty. */
  read(streamId: string, options?: ReadOptions): EventRead

  head(streamId: string): Promise<StreamHead>

  /**
   * Reads one partition of the feed up to its end.
   *
   * @throws {@link EventStoreError} `FEED_DIVERGED`: `after` is of another store, lies past the head, or
   *   another event stands there (a restored backup, a lossy failover). `POSITION_EXPIRED`: it lies below
   *   what is kept.
   */
  feed(options?: FeedOptions): FeedRead

  /** The position of the last entry of a partition; of its start when it is empty. */
  feedHead(partition?: number): Promise<Position>

  /**
   * Waits until the partition may hold more than `after`, the timeout passes or `signal` aborts: a hint,
   * so read the feed again either way.
   */
  waitForFeed(options: {
    readonly partition?: number | undefined
    readonly after: Position
    readonly timeoutMs: number
    readonly signal?: AbortSignal | undefined
  }): Promise<void>

  /** Removes all events of a stream, everywhere. Its version is kept: appends are refused unless exactly at it. */
  delete(streamId: string, options?: RemoveOptions): Promise<{ readonly version: number }>

  /** Removes the events below `before`; the stream keeps its version. */
  truncate(
    streamId: string,
    options: RemoveOptions & { readonly before: number },
  ): Promise<{ readonly version: number }>

  /**
   * Stores recorded events with their ids, versions and timestamps, in order. Events of one partition are
   * stored all or none; what is already there with the same id is passed over, so a repeat is harmless.
   */
  import(events: readonly ImportEvent[]): Promise<{ readonly token: Token }>

  /** Refuses (or with `sealed: false` allows again) appends to a partition. */
  seal(partition: number, sealed?: boolean): Promise<void>

  /** Lets appends in hand finish, then refuses every call. An injected client stays open. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
