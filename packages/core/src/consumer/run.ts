import type { BackendAdapter } from '../adapter.ts'
import type { DocumentStore } from '../document-store.ts'
import { EventStoreError } from '../error.ts'
import type { FeedSlice } from '../event-store.ts'
import type { RecordedEvent } from '../event.ts'
import type { Position } from '../position.ts'
import type { WrappedEventStore } from '../wrapped-event-store.ts'
import { isTransient } from './checkpoint.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import { abortableDelay, backoffMs } from './delay.ts'
import type { Lease } from './lease.ts'

/** What a subscription works on. */
export interface ConsumerBackend {
  readonly adapter: BackendAdapter
  /** What is read: the backend's store, or its log in the shape of one. */
  readonly store: WrappedEventStore
  /** `undefined`: the backend's own groups keep the checkpoints, and handlers have no documents. */
  readonly documents: DocumentStore | undefined
  /** Incarnation of the feed when the documents are another backend's, where groups of several feeds meet. */
  readonly borrowedFor: string | undefined
}

/** One partition while it is owned. */
export interface RunContext extends ConsumerBackend {
  readonly options: ConsumerOptions
  readonly partition: number
  readonly lease: Lease
  /** Finish what is in hand and end. */
  readonly ending: AbortSignal
  /** Aborted when there is nothing to wait for any more: on the way to the end, or with the lease lost. */
  readonly giveUp: AbortSignal
  /** What handlers see: aborted when the lease is lost, or when nobody waits for them any more. */
  readonly handlerSignal: AbortSignal
  /** End at the end of the feed. */
  readonly untilEnd: boolean
  /** The most events of an atomic slice; made smaller when its effects do not fit into one batch. */
  readonly sliceEvents: number
  readonly progress: Progress
}

/** How far a partition is, for those who wait and count. */
export interface Progress {
  /** Everything up to here is handled and, where effects are atomic, visible. */
  reached(position: () => Position): void
  handled(events: number): void
}

/** Why a run ended by itself, when nothing failed. */
export type RunEnd = 'ending' | 'caught-up'

/**
 * Fetches slices of the feed, through outages and idle times.
 *
 * @returns `undefined` when the run is to end.
 */
export class FeedSource {
  readonly #context: RunContext
  #pollMs: number
  #after: Position

  constructor(context: RunContext) {
    this.#context = context
    this.#after = context.lease.position
    this.#pollMs = context.options.pollMs.min
  }

  get after(): Position {
    return this.#after
  }

  /** The next slice with at least one entry, or `at-end` when there was none. */
  async next(limit: number): Promise<FeedSlice | 'at-end'> {
    const { store, partition } = this.#context
    const slice = await throughOutages(this.#context, () =>
      store.feedSlice({ partition, after: this.#after, limit }),
    )
    if (slice === undefined || slice.next === this.#after) return 'at-end'
    this.#after = slice.next
    this.#pollMs = this.#context.options.pollMs.min
    return slice
  }

  /** Waits for more: woken by writers where the backend can, else by polls that back off while nothing comes. */
  async wait(signal: AbortSignal): Promise<void> {
    const { store, partition, options } = this.#context
    const push = store.capabilities.feedWake === 'push'
    const timeoutMs = push ? options.pollMs.max : this.#pollMs
    this.#pollMs = Math.min(this.#pollMs * 2, options.pollMs.max)
    const after = this.#after
    await throughOutages(this.#context, () => store.waitForFeed({ partition, after, timeoutMs, signal }))
  }
}

/** Repeats `work` while its failure is one that passes. @throws what does not pass, and a lost lease. */
async function throughOutages<Result>(
  context: RunContext,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  const { options, partition, ending, lease, giveUp } = context
  for (let attempt = 1; !ending.aborted; attempt++) {
    if (!lease.holds()) throw lease.signal.reason
    try {
      return await work()
    } catch (error) {
      if (!isTransient(error)) throw error
      const retryInMs = Math.round(backoffMs(attempt, 20, 1000))
      options.notify({ kind: 'backend-error', partition, error, retryInMs })
      await abortableDelay(retryInMs, giveUp)
    }
  }
  return undefined
}

/** What ends a subscription whose policy says stop. The handler's error is the cause. */
export function stoppedBy(
  event: RecordedEvent,
  error: unknown,
  reason: string,
): EventStoreError<'CONSUMER_STOPPED'> {
  return new EventStoreError(
    'CONSUMER_STOPPED',
    `${reason}: event ${event.id} of type ${event.type} at position ${event.position}`,
    { cause: error },
  )
}
