import {
  type Backend,
  type EventStore,
  type EventStream,
  notSupported,
  type Position,
  type Token,
} from '@eventspine/core'
import { checkInteger, checkRelayOptions, type RelayOptions } from './relay-options.ts'
import { RunningRelay } from './running-relay.ts'

/** Where a relay reads: a backend, whose documents then settle which of several relays writes, or a store alone. */
export type RelaySource = Pick<Backend, 'store' | 'documents' | 'capabilities'> | EventStore

/** Where a relay writes: a native stream. */
export type RelayTarget = Pick<Backend, 'stream'> | EventStream

/** How far a relay is in one partition of its source. */
export interface RelayLag {
  readonly partition: number
  /** Feed entries behind the head, removed ones included. */
  readonly events: number
  /** Everything up to here is in the target, or was passed over; `undefined` where nothing is known yet. */
  readonly position: Position | undefined
  /** A relay of this name is at work on it. */
  readonly owned: boolean
}

/** A relay at work. */
export interface Relay {
  readonly name: string
  /** Of what this relay does not write itself, as of the last sign of life of the one that does. */
  lag(): Promise<readonly RelayLag[]>
  /**
   * Resolves when everything up to `token`, of the source, is in the target (what was passed over counts).
   *
   * @throws an EventStoreError `TIMEOUT`; `CONSUMER_STOPPED` when this relay ended before; `FEED_DIVERGED`: the token
   *   is of another store.
   */
  caughtUpTo(
    token: Token,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<void>
  /**
   * Finishes the writes in hand and lets others take over.
   *
   * @throws an EventStoreError `TIMEOUT`: a write is still under way after `timeoutMs` (default 30,000). Whether it
   *   lands, the next session of this relay will see.
   */
  stop(options?: { readonly timeoutMs?: number | undefined }): Promise<void>
  /** Resolves after `stop()`; rejects with the cause when the relay had to end by itself. */
  readonly completed: Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** What one bounded run did. */
export interface RelayRunResult {
  /** Events written to the target. */
  readonly relayed: number
  /** Every partition that this run owned was moved to its end. */
  readonly caughtUp: boolean
  /** Partitions that another relay of this name writes and this run left alone. */
  readonly ownedElsewhere: readonly number[]
}

/**
 * Moves the feed of a store into a native stream: in order within each partition of the source, none lost, and
 * none twice for readers that see committed writes only, even when the relay, the source or the target are
 * killed at any point.
 *
 * Of several relays of one name at once, one writes a partition and the others stand by, where the source has
 * documents. Where it has none, the latest wins and those before end with `LEASE_LOST`.
 *
 * `completed` rejects with an EventStoreError `FEED_DIVERGED` when the source's history is not the one that was
 * relayed (a restored backup, a lossy failover), `POSITION_EXPIRED` when the place to go on from is no longer kept,
 * `STORE_INCOMPATIBLE` when the source's partition count has changed, `LIMIT_EXCEEDED` when an event is too large for
 * the target, `LEASE_LOST`, `CONSUMER_STOPPED` when `filter` or `map` failed, and whatever else does not pass.
 *
 * @throws an EventStoreError `INVALID_ARGUMENT` naming the option; `NOT_SUPPORTED`: the source has no store.
 */
export function relay(source: RelaySource, target: RelayTarget, options: RelayOptions): Relay {
  return RunningRelay.start(checked(source, target, options), options.signal)
}

/**
 * Moves what there is and returns: for functions and cron jobs. No new batch is started after `budgetMs`.
 *
 * @throws what {@link relay} throws, and what its `completed` rejects with.
 */
export async function relayOnce(
  source: RelaySource,
  target: RelayTarget,
  options: RelayOptions & { readonly budgetMs: number },
): Promise<RelayRunResult> {
  checkInteger(options.budgetMs, 'budgetMs', 1, 2 ** 31 - 1)
  return RunningRelay.once(checked(source, target, options), options.budgetMs, options.signal)
}

function checked(source: RelaySource, target: RelayTarget, options: RelayOptions) {
  const store = 'store' in source ? source.store : source
  if (!store.capabilities.store) throw notSupported('the relay’s source has no event store')
  const documents = 'documents' in source && source.capabilities.documents ? source.documents : undefined
  const stream = 'stream' in target ? target.stream : target
  return { source: store, documents, target: stream, options: checkRelayOptions(options, store) }
}
