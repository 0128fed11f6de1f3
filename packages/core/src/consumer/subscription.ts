import type { Document } from '../document-store.ts'
import type { RecordedEvent } from '../event.ts'
import type { Position, Token } from '../position.ts'

/**
 * Document writes of a handler, kept back and committed together with the checkpoint. Reads see the
 * handler's own writes.
 *
 * With `effects: 'exactly-once'` they and the checkpoint are one atomic batch: both happen, or neither.
 * Otherwise they are written before the checkpoint, so a crash in between repeats them.
 */
export interface HandlerDocuments {
  get<Value = unknown>(collection: string, key: string): Promise<Pick<Document<Value>, 'key' | 'value'> | undefined>
  put(collection: string, key: string, value: unknown, options?: { readonly expiresInMs?: number; readonly listed?: boolean }): void
  delete(collection: string, key: string): void
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
   * paused owner that wakes up cannot undo what its successor did.
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
  /** For a group that has no checkpoint yet. Default `start`. */
  readonly startFrom?: 'start' | 'end' | Token | undefined
  /** Default: all. */
  readonly partitions?: readonly number[] | undefined
  /**
   * `at-least-once` (default): the checkpoint follows the effects. `exactly-once`: writes of
   * `context.documents` and the checkpoint are one atomic batch. `transaction`: besides, handlers get the
   * backend's own client inside that transaction as `context.transaction`.
   */
  readonly effects?: 'at-least-once' | 'exactly-once' | 'transaction' | undefined
  /** Different streams of a partition handled side by side. Default 8; 1 with `effects: 'transaction'`. */
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
  /** Told of every failed try, retry, park, skip and lost lease. Must not throw. */
  readonly onNotice?: ((notice: ConsumerNotice) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Something an operator may want to know. */
export type ConsumerNotice =
  | { readonly kind: 'retry' | 'park' | 'skip' | 'stop'; readonly partition: number; readonly event: RecordedEvent; readonly attempt: number; readonly error: unknown }
  | { readonly kind: 'owned' | 'lease-lost'; readonly partition: number; readonly fencingToken: number }
  | { readonly kind: 'backend-error'; readonly partition: number; readonly error: unknown; readonly retryInMs: number }

export interface PartitionLag {
  readonly partition: number
  /** Feed entries behind the head, removed ones included. */
  readonly events: number
  /** Behind this everything was handled, parked or skipped. */
  readonly checkpoint: Position
  readonly parkedStreams: number
  /** This subscription owns the partition now. */
  readonly owned: boolean
}

/** A stream that waits because one of its events failed. */
export interface ParkedStream {
  readonly streamId: string
  readonly partition: number
  /** Of the event that failed; its later ones wait with it. */
  readonly firstPosition: Position
  readonly attempts: number
  /** Name and code of the error; its message only, never the event's data. */
  readonly error: string
}

export interface Subscription {
  readonly group: string
  /**
   * Resolves when everything up to `token` was handled by the group (parked and skipped events count).
   *
   * @throws {@link EventStoreError} `TIMEOUT`; `CONSUMER_STOPPED` when this subscription ended before.
   */
  caughtUpTo(token: Token, options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<void>
  lag(): Promise<readonly PartitionLag[]>
  /** Finishes what is in hand, writes the checkpoint, gives the partitions back. */
  stop(): Promise<void>
  /** Resolves after `stop()`; rejects with the cause when the consumer had to end by itself. */
  readonly completed: Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
