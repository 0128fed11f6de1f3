import type { EventStoreError } from './error.ts'

/*
 * The inner interface of backends whose own groups decide which member owns a partition. Core's consumer engine
 * runs on them as everywhere: it reads the log, retries, parks and checkpoints; they assign partitions and,
 * where the user gave no documents, keep the checkpoints.
 */

/** What such backends implement. */
export interface GroupAdapter {
  /** Starts to be a member of a group, through outages, until it leaves. */
  doJoin(request: GroupRequest): GroupMember
  /** What is known of every partition, by partition. */
  doReadGroup(group: string): Promise<readonly GroupPartition[]>
}

export interface GroupRequest {
  /** At most 100 bytes. */
  readonly group: string
  /** A member that is silent for so long loses its partitions. */
  readonly sessionMs: number
  /** An outage that the member goes on trying to outlast. */
  readonly onOutage: (error: EventStoreError, retryInMs: number) => void
}

/** This process's place in a group. */
export interface GroupMember {
  /** Resolves with the first assignment; rejects when the member cannot be one, or has left before. */
  readonly joined: Promise<void>
  /** Rejects when the member has ended by itself and will not come back; resolves when it has left. */
  readonly ended: Promise<void>
  /** `undefined` while the partition is not this member's. Each time it is had anew this is another object. */
  assignment(partition: number): GroupAssignment | undefined
  /** Resolves at the next change of assignments, after `timeoutMs`, or when `signal` aborts. */
  waitForChange(timeoutMs: number, signal: AbortSignal): Promise<void>
  /** Gives all partitions back. Never rejects: a group that does not hear of it waits for the session's end. */
  leave(): Promise<void>
}

/** One partition for as long as it is this member's without a break. */
export interface GroupAssignment {
  /** Aborted when the partition is asked back: what is in hand is to be finished, and {@link release} called. */
  readonly revoked: AbortSignal
  /** Aborted when the partition is, or may be, somebody else's. */
  readonly lost: AbortSignal
  /** Whether it may be worked on from now on; then {@link release} must follow. */
  claim(): boolean
  /** Whether the group cannot have given it to another yet, by this process's monotonic clock alone. */
  holds(): boolean
  /** What the last owner wrote; `undefined`: nobody did. Only called where no documents are. */
  readCheckpoint(): Promise<GroupCheckpoint | undefined>
  /**
   * Writes position, epoch and parked set as one.
   *
   * @throws an EventStoreError `LEASE_LOST`: the group refused it, and nothing was written. `LIMIT_EXCEEDED`: it
   *   is larger than the backend takes. After any other, the same call may be made again.
   */
  commit(checkpoint: GroupCheckpoint): Promise<void>
  /** For those who look at the group with the backend's own tools, where its checkpoints are documents. Never throws. */
  mirror(sequence: number): void
  /** Nothing of the partition is in hand any more. */
  release(): void
}

/** What a group knows of a partition, kept by the backend itself. */
export interface GroupCheckpoint {
  /** Everything up to here was handled, parked or skipped; 0: nothing. */
  readonly sequence: number
  /** Of the event at `sequence`; `undefined` at 0, or when others than Eventspine have set the place. */
  readonly check: string | undefined
  readonly incarnation: string
  readonly epoch: number
  readonly parked: readonly GroupParked[]
}

/** A stream that waits for its failed event. */
export interface GroupParked {
  readonly streamId: string
  /** Of the failed event. */
  readonly sequence: number
  readonly check: string
  readonly attempts: number
  /** A backend that is short of room may keep less of it. */
  readonly error: string
}

export interface GroupPartition {
  /** `undefined`: nobody ever wrote one. */
  readonly checkpoint: GroupCheckpoint | undefined
  /** Some member has it now. */
  readonly owned: boolean
}
