import type { ExpectedVersion } from '@eventspine/core'

/*
 * What processes write down while they work on one store. Times are microseconds of the machine's monotonic
 * clock, which all of its processes share.
 */

/** One stream's part of a commit that was tried. */
export interface TriedAppend {
  readonly streamId: string
  readonly expectedVersion: ExpectedVersion
  readonly ids: readonly string[]
}

/** A commit is about to be sent. The same operation may be invoked again, with the same ids. */
export interface Invoked {
  readonly kind: 'invoke'
  readonly operation: string
  readonly process: string
  readonly atUs: number
  readonly streams: readonly TriedAppend[]
  /** Key of a document in the same commit. */
  readonly document?: string
}

/** A commit was acknowledged. */
export interface Acknowledged {
  readonly kind: 'ok'
  readonly operation: string
  readonly atUs: number
  /** In the order of the streams invoked. */
  readonly streams: readonly { readonly version: number; readonly position: string }[]
  readonly repeated: boolean
}

/** A commit failed: `failed` says that nothing was written, `unknown` that nobody knows. */
export interface Failed {
  readonly kind: 'failed' | 'unknown'
  readonly operation: string
  readonly atUs: number
  readonly code: string
}

/** A stream was read to its end. */
export interface StreamWasRead {
  readonly kind: 'read'
  readonly streamId: string
  readonly startedUs: number
  readonly version: number
}

/** An event as a reader of the feed saw it. */
export type SeenEvent = readonly [position: string, id: string, streamId: string, version: number]

/** A reader of the feed saw events, in this order. A reader starts at the start and goes on from there. */
export interface FeedSeen {
  readonly kind: 'seen'
  readonly reader: string
  readonly partition: number
  readonly events: readonly SeenEvent[]
}

/** A handler starts on an event, has succeeded with it, or has failed. */
export interface Handling {
  readonly kind: 'handling' | 'handled' | 'threw'
  readonly group: string
  readonly consumer: string
  readonly partition: number
  readonly fencingToken: number
  readonly id: string
  readonly streamId: string
  readonly version: number
  readonly position: string
  readonly atUs: number
}

/** A consumer got a partition, lost it, or was interrupted by its backend. */
export interface ConsumerChange {
  readonly kind: 'owned' | 'lease-lost' | 'interrupted'
  readonly group: string
  readonly consumer: string
  readonly partition: number
  readonly fencingToken: number | undefined
  readonly atUs: number
}

/** The checkpoint of a group as somebody saw it between two moments. */
export interface CheckpointSeen {
  readonly kind: 'checkpoint'
  readonly group: string
  readonly partition: number
  readonly position: string
  readonly startedUs: number
  readonly atUs: number
}

/** Something happened that has no place in any history: an error without a type, a consumer that ended. */
export interface Defect {
  readonly kind: 'defect'
  readonly process: string
  readonly what: string
}

export type HistoryRecord =
  | Invoked
  | Acknowledged
  | Failed
  | StreamWasRead
  | FeedSeen
  | Handling
  | ConsumerChange
  | CheckpointSeen
  | Defect

/** Keeps records in the order in which they come. */
export interface Journal {
  write(record: HistoryRecord): void
}

/** Microseconds of a clock that all processes of this machine share and nobody sets. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n)
}
