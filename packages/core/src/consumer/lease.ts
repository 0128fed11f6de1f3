import type { DocumentStore, DocumentWrite } from '../document-store.ts'
import { EventStoreError } from '../error.ts'
import type { Position } from '../position.ts'
import type { Parked } from './checkpoint.ts'

/** What a lease writes besides its own upkeep. */
export interface CheckpointChange {
  readonly position?: Position
  readonly parked?: readonly Parked[]
}

/** Ownership of one partition by one subscription, and the checkpoint that only the owner writes. */
export interface Lease {
  /** Aborted when the partition is, or may be, somebody else's. */
  readonly signal: AbortSignal
  /** Rises whenever the partition changes hands. */
  readonly epoch: number
  /** Where handlers' documents live unless they say otherwise: beside the checkpoint. */
  readonly documentPartition: number
  readonly position: Position
  readonly parked: readonly Parked[]
  /** Called when an operator's request was found. */
  onRequest: (parked: Parked) => void
  /**
   * Whether the lease still holds by this process's monotonic clock. Asked before each handler: a process
   * that was paused wakes up here first.
   */
  holds(): boolean
  /**
   * Writes the checkpoint and `writes` as one batch.
   *
   * @throws {@link EventStoreError} `LEASE_LOST`: another owner wrote since; nothing was written.
   * @throws {@link RevisionConflictError} about one of `writes`; nothing was written.
   */
  commit(change: CheckpointChange, writes?: readonly DocumentWrite[]): Promise<void>
  /**
   * Runs `work` in a transaction of the caller's making, with the checkpoint written as its last step by the
   * function given to `work`.
   */
  commitWithin<Result>(
    work: (write: (documents: DocumentStore, change: CheckpointChange) => Promise<void>) => Promise<Result>,
  ): Promise<Result>
  /** An operator's request was carried out: the next commit of `parked` drops it. */
  finishRequest(id: string): void
  /** Gives the partition back, so that another owner need not wait. */
  release(): Promise<void>
  /** Stops renewing without a word: what a killed process does. */
  abandon(): void
}

/** Where a consumer gets the lease of its partition from. */
export interface LeaseSource {
  /** Another owner showed itself between two tries. */
  readonly sawLife: boolean
  /**
   * Takes the partition when it is to be had; `undefined` when it is not, or a rival was faster.
   *
   * @param claim - asked last, when the partition could be had.
   */
  tryAcquire(claim: () => boolean): Promise<Lease | undefined>
}

export function leaseLost(
  group: string,
  partition: number,
  cause: unknown,
  reason = 'the lease was lost',
): EventStoreError<'LEASE_LOST'> {
  if (EventStoreError.is(cause, 'LEASE_LOST')) return cause
  return new EventStoreError(
    'LEASE_LOST',
    `group ${JSON.stringify(group)}, partition ${partition}: ${reason}`,
    { cause },
  )
}
