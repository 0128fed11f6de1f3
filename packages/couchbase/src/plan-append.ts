import {
  type EncodedEvent,
  type EventStoreError,
  type StreamAppend,
  streamDeleted,
  VersionConflictError,
} from '@eventspine/core'
import { eventFields, type EventFields, sizeOf } from './stored-commit.ts'
import type { StreamTip } from './stream-tips.ts'

/** What one document of a stream takes, apart from its last commit. */
const COMMIT_SIZE = 1024 * 1024

/** Commits of one stream, judged one after the other, of which those that fit are to be written as one. */
export interface StreamPlan {
  readonly streamId: string
  readonly partition: number
  readonly tip: StreamTip
  /** With the version of the last event of each. */
  readonly accepted: readonly { readonly index: number; readonly version: number }[]
  readonly refused: readonly { readonly index: number; readonly error: EventStoreError }[]
  readonly encoded: readonly EncodedEvent[]
  readonly events: readonly EventFields[]
  /** Of the last event. */
  readonly version: number
}

/** Judges commits of one stream, as if its end were at `tip`. Those for which there is no room are left out. */
export function planAppend(
  appends: readonly { readonly index: number; readonly append: StreamAppend }[],
  tip: StreamTip,
): StreamPlan {
  const accepted: { index: number; version: number }[] = []
  const refused: { index: number; error: EventStoreError }[] = []
  const encoded: EncodedEvent[] = []
  let { version, deleted } = tip
  let size = 0
  for (const { index, append } of appends) {
    if (size > COMMIT_SIZE) break
    const error = judge(append, version, deleted)
    if (error !== undefined) {
      refused.push({ index, error })
      continue
    }
    for (const event of append.events) encoded.push(event)
    size += sizeOf(append.events)
    version += append.events.length
    deleted = false
    accepted.push({ index, version })
  }
  const { streamId = '', partition = 0 } = appends[0]?.append ?? {}
  const events = encoded.map(eventFields)
  return { streamId, partition, tip, accepted, refused, encoded, events, version }
}

/** Why an append does not fit a stream; `undefined`: it does. */
function judge(
  { streamId, expectedVersion }: StreamAppend,
  version: number,
  deleted: boolean,
): EventStoreError | undefined {
  const exact = typeof expectedVersion === 'number'
  const fits = exact
    ? version === expectedVersion
    : expectedVersion === 'any' || (expectedVersion === 'none') === (version === 0)
  if (deleted && !(exact && fits)) return streamDeleted(streamId, version)
  return fits ? undefined : new VersionConflictError(streamId, expectedVersion, version)
}
