import type { GroupAssignment } from '../group-adapter.ts'

/** Which partitions a member of a group may own. */
export interface PartitionShare {
  /**
   * Resolves when it is known which partitions to take first, or when `stopping` aborts.
   *
   * @param once - for a run that takes what there is and ends.
   */
  join(stopping: AbortSignal, once: boolean): Promise<void>
  leave(): Promise<void>
  /** Rejects when this member cannot be one any more. */
  readonly ended: Promise<void> | undefined
  /** Whether a partition that could be had should be taken; it counts from now on. */
  claim(partition: number): boolean
  /** Aborted when a claimed partition should go to another member; `undefined` for no other. */
  giveBack(partition: number): AbortSignal | undefined
  /** The partition is not owned (any more), or could not be had. */
  dropped(partition: number): void
  /** Where a native group decides: its word on a claimed partition. */
  assignment(partition: number): GroupAssignment | undefined
  /** Known to be another member's without looking at its checkpoint. */
  isElsewhere(partition: number): boolean
  /** Resolves after `ms`, when `signal` aborts, or when there may be another partition to take. */
  wait(partition: number, ms: number, signal: AbortSignal): Promise<void>
}
