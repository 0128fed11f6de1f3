import type { DocumentOptions } from '../document-store.ts'
import type { EventRead } from '../event-store.ts'
import type { RecordedEvent } from '../event.ts'
import type { Position, Token } from '../position.ts'

/**
 * Document writes of a handler, kept back and committed with the checkpoint as one atomic batch: both
 * happen, or neither. Reads see what handlers wrote before. Two handlers that touch the same document side
 * by side do not lose updates: the second is run again.
 *
 * Refuses with `NOT_SUPPORTED` unless the subscription asks for `effects: 'exactly-once'` or `'transaction'`.
 */
export interface HandlerDocuments {
  get<Value = unknown>(collection: string, key: string, options?: DocumentOptions): Promise<Value | undefined>
  /** The partition is the event's own unless given. */
  put(collection: string, key: string, value: unknown, options?: HandlerPutOptions): void
  delete(collection: string, key: string, options?: DocumentOptions): void
}

export interface HandlerPutOptions extends DocumentOptions {
  readonly expiresInMs?: number | undefined
  /** The collection is opened as listed. */
  readonly listed?: boolean | undefined
}

export interface HandlerContext<Native = unknown> {
  readonly group: string
  readonly partition: number
  /** 1 for the first try of this event by this owner. */
  readonly attempt: number
  /** Aborted when this consumer loses its partition, or must stop at once. */
  readonly signal: AbortSignal
  /**
   * Rises whenever the partition changes hands: hand it to systems that can refuse a lower one, so that a
   * paused owner that wakes up cannot undo what its successor did. Without order: how often the event was
   * handed out.
   */
  readonly fencingToken: number
  readonly documents: HandlerDocuments
  /** The backend's own client inside the transaction that also holds the checkpoint; only with `effects: 'transaction'`. */
  readonly transaction: Native
}

export type Handler<Native = unknown, Event extends RecordedEvent = RecordedEvent> = (
  event: Event,
  context: HandlerContext<Native>,
) => void | Promise<void>

/** Handlers by event type; made with types by a contract's `handlers()`. */
export interface HandlerMap<Native = unknown> {
  /** Handles the types it names; others pass by. */
  readonly types: readonly string[] | 'all'
  /** Only streams of this category; `undefined`: all. */
  readonly category: string | undefined
  readonly handle: Handler<Native>
}

export interface RetryPolicy {
  /** Tries of one event in all, the first included. Default 5. */
  readonly attempts?: number
  /** Before the second try. Default 50. */
  readonly initialDelayMs?: number
  /** Default 5,000. Delays double and are jittered by half. */
  readonly maxDelayMs?: number
}

/** What becomes of an event that failed all its tries. */
export type FailurePolicy = 'park' | 'skip' | 'stop'

export interface SubscribeOptions<Native = unknown> {
  /** Consumers of one group share the partitions; each group sees every event. At most 100 bytes. */
  readonly group: string
  readonly handlers: HandlerMap<Native> | readonly HandlerMap<Native>[] | Handler<Native>
  /**
   * `stream` (default): events of one stream are handled in order, partitions have one owner each. `none`: the
   * members compete for single events, in no order; an event that its member lets go of is handed to another
   * after `leaseMs`, a failing one is parked alone, and effects are at least once. `none` needs
   * `competingConsumers`. A group of one kind knows nothing of one of the other kind with its name.
   */
  readonly ordering?: 'stream' | 'none' | undefined
  /** For a group that has no checkpoint yet. Default `start`. */
  readonly startFrom?: 'start' | 'end' | Token | undefined
  /** Default: all. */
  readonly partitions?: readonly number[] | undefined
  /**
   * `at-least-once` (default): the checkpoint follows the effects. `exactly-once`: writes of
   * `context.documents` and the checkpoint are one atomic batch. `transaction`: handlers run inside the
   * backend's transaction that also holds the checkpoint and get its client as `context.transaction`; events
   * are then handled one at a time, and a failing one holds its partition until its policy decides.
   */
  readonly effects?: 'at-least-once' | 'exactly-once' | 'transaction' | undefined
  /** Different streams of a partition handled side by side; without order, events. Default 8; 1 with `effects: 'transaction'`. */
  readonly concurrency?: number | undefined
  /** Events in memory between fetch and checkpoint, the most repeated after a kill. Default 500. */
  readonly maxInFlightEvents?: number | undefined
  readonly retry?: RetryPolicy | undefined
  /** Default `park`: the event's stream waits, others go on. */
  readonly onFailure?: FailurePolicy | undefined
  /** Parked streams of one partition at which the consumer stops. Default 100. */
  readonly maxParkedStreams?: number | undefined
  /** A silent owner is taken over after this. Default 10,000. */
  readonly leaseMs?: number | undefined
  /** Idle polls back off from the first to the second. Default 10 and 1,000. */
  readonly pollMs?: { readonly min: number; readonly max: number } | undefined
  /**
   * Told of every failed try, park, skip, outage and lost lease, and of an end that nobody asked for. Must
   * not throw. Default: a process warning for parked streams and for such an end.
   */
  readonly onNotice?: ((notice: ConsumerNotice) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Something an operator may want to know. */
export type ConsumerNotice =
  | {
      readonly kind: 'retry' | 'park' | 'skip' | 'stop'
      readonly partition: number
      readonly event: RecordedEvent
      readonly attempt: number
      readonly error: unknown
    }
  | { readonly kind: 'owned' | 'lease-lost'; readonly partition: number; readonly fencingToken: number }
  | { readonly kind: 'ended'; readonly error: unknown }
  | {
      readonly kind: 'backend-error'
      readonly partition: number
      readonly error: unknown
      readonly retryInMs: number
    }

/** What one bounded run did. */
export interface RunResult {
  /** Events given to handlers with success. */
  readonly handled: number
  /** Every partition that this run owned was read to its end. */
  readonly caughtUp: boolean
  /** Partitions that other consumers own and this run left alone. */
  readonly ownedElsewhere: readonly number[]
}

export interface PartitionLag {
  readonly partition: number
  /** Feed entries behind the head, removed ones included. */
  readonly events: number
  /** Behind this everything was handled, parked or skipped. */
  readonly checkpoint: Position
  readonly parkedStreams: number
  /** Somebody owns the partition now. */
  readonly owned: boolean
}

/** A stream that waits because one of its events failed. */
export interface ParkedStream {
  readonly streamId: string
  readonly partition: number
  /** Of the event that failed; its later ones wait with it. */
  readonly firstPosition: Position
  /** The version of the event that failed. */
  readonly streamPosition: number
  readonly attempts: number
  /** Name, code and message of the error that the handler threw. */
  readonly error: string
}

/** A group as an operator sees it, from any process. */
export interface ConsumerGroup {
  readonly name: string
  lag(): Promise<readonly PartitionLag[]>
  parked(): Promise<readonly ParkedStream[]>
  /** The events that wait, in order, the failed one first. */
  waiting(parked: ParkedStream): EventRead
  /**
   * Asks the group to handle a parked stream's events again, in order, then to go on with it. The owner of
   * the partition takes it up within a third of its lease; one that is not running, when it starts.
   *
   * @throws {@link EventStoreError} `INVALID_ARGUMENT`: the stream is not parked.
   */
  replay(streamId: string): Promise<void>
  /** Asks the group to pass over the failed event and to replay what waits behind it. */
  skip(streamId: string): Promise<void>
}

export interface Subscription {
  readonly group: string
  /**
   * Resolves when everything up to `token` was handled by the group (parked and skipped events count).
   *
   * @throws {@link EventStoreError} `TIMEOUT`; `CONSUMER_STOPPED` when this subscription ended before.
   */
  caughtUpTo(
    token: Token,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<void>
  lag(): Promise<readonly PartitionLag[]>
  /**
   * Finishes what is in hand, writes the checkpoint, gives the partitions back. A handler that is not done
   * after `timeoutMs` (default 30,000) has its `signal` aborted and is no longer waited for; its event will
   * be handled again.
   */
  stop(options?: { readonly timeoutMs?: number | undefined }): Promise<void>
  /** Resolves after `stop()`; rejects with the cause when the consumer had to end by itself. */
  readonly completed: Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
