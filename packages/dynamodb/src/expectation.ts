import {
  EventStoreError,
  type ExpectedVersion,
  type StreamAppend,
  streamDeleted,
  VersionConflictError,
} from '@eventspine/core'
import type { Head } from './stream-heads.ts'

/** Whether an append that expects this may follow `head`. A deleted stream is opened again at its exact version only. */
export function fits(expected: ExpectedVersion, { version, deleted }: Head): boolean {
  if (deleted || typeof expected === 'number') return expected === version
  return expected === 'any' || (expected === 'none') === (version === 0)
}

/** That nothing was ever there needs no reading: its first item would be in the way. */
export function expectsNothing({ expectedVersion }: StreamAppend): boolean {
  return expectedVersion === 'none' || expectedVersion === 0
}

export function versionRefused({ streamId, expectedVersion }: StreamAppend, head: Head): EventStoreError {
  return head.deleted
    ? streamDeleted(streamId, head.version)
    : new VersionConflictError(streamId, expectedVersion, head.version)
}

export function partitionSealed(partition: number): EventStoreError<'PARTITION_SEALED'> {
  return new EventStoreError('PARTITION_SEALED', `partition ${partition} is sealed: it accepts no appends`)
}
