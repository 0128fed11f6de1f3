import type { Commit, CommitOutcome, EncodedEvent, FeedAdapter } from './adapter.ts'
import type { CompetingAdapter } from './competing-adapter.ts'
import type { EventOrigin } from './event.ts'

/*
 * The inner interface of native streams: ordered logs, one a partition, that keep no versions of streams and
 * compare nothing. Core makes an `EventStream` of one, with the consumer engine reading it like a feed.
 */

/** What backends with a stream of their own implement. */
export interface EventLogAdapter extends FeedAdapter {
  /**
   * Publishes a batch. Commits come without documents and expect nothing (`any`); each has events of one or
   * several streams and partitions. Events of one stream are placed in the order of the calls and of the lists
   * (law S2), also when a commit before them failed. A commit is acknowledged when all its events are durable;
   * the outcome names, for each stream, the sequence of its last event, and the same number as its `version`.
   *
   * A commit that is refused wrote nothing. One of which a part may be written throws, or has an error whose
   * `outcome` is `unknown`.
   */
  doPublish(commits: readonly Commit[]): Promise<readonly CommitOutcome[]>
  /** How a relay writes here; absent: it cannot. */
  readonly relay?: RelayTargetAdapter
  /** Groups without order. Present exactly where `capabilities.competingConsumers` says so. */
  readonly competing?: CompetingAdapter
}

/** Which relay writes, and from where. */
export interface RelayRequest {
  /** The relay's name: several may write side by side. At most 100 bytes. */
  readonly relay: string
  /** Incarnation of the store that it reads. */
  readonly incarnation: string
  /** Partition that it reads, of `partitions`. */
  readonly partition: number
  readonly partitions: number
}

/** A place in the source's feed, with the check of the event that stands there (law F8). */
export interface RelayPosition {
  readonly sequence: number
  readonly check: string
}

/** An event on its way from a store into a log. */
export interface RelayedEvent extends EncodedEvent {
  readonly streamId: string
  /** Of the log. */
  readonly partition: number
  /** Milliseconds since the epoch, of the source's clock. */
  readonly timestampMs: number
  readonly origin: EventOrigin
  /** Sequence in the source's feed. */
  readonly sourceSequence: number
}

/** Writes events together with the place they came from, so that a relay neither loses nor doubles. */
export interface RelayTargetAdapter {
  /**
   * Opens a session and fences all earlier ones of the same relay and partition: what they write from now on
   * is refused and never becomes visible.
   *
   * @throws an EventStoreError `STORE_INCOMPATIBLE`: this relay wrote from a source with another partition count.
   */
  doOpenRelay(request: RelayRequest): Promise<RelaySessionAdapter>
}

/** One owner of one relay and partition. */
export interface RelaySessionAdapter {
  /** Up to where the source's feed is in the log; `undefined` when nothing was written yet. */
  readonly position: RelayPosition | undefined
  /**
   * Appends events and moves the position in one atomic step, also when there is no event. Readers see both or
   * neither.
   *
   * @throws an EventStoreError `LEASE_LOST`, not applied: another session was opened. After any other failure the
   *   session is of no use: open a new one, and its `position` tells what was written.
   */
  doWrite(events: readonly RelayedEvent[], position: RelayPosition): Promise<void>
  doClose(): Promise<void>
}
