import type { DocumentCollection } from '../document-store.ts'
import { EventStoreError } from '../error.ts'
import type { Position } from '../position.ts'
import type { WrappedDocumentStore } from '../wrapped-document-store.ts'
import type { ParkedStream } from './subscription.ts'

/** Collection of the one document that a group has for each partition; its key is the group's name. */
export const CHECKPOINTS = '$consumers'

/** An operator's wish that a parked stream be handled again. It stands until the owner has carried it out, so that a crash repeats it. */
export interface ParkRequest {
  /** Unique. */
  readonly id: string
  /** The version to go on from: that of the failed event, or the next to pass it over. */
  readonly from: number
}

export type Parked = Omit<ParkedStream, 'partition'> & { readonly request?: ParkRequest }

/**
 * All that a group knows of a partition, in one document, so that one compare-and-set decides about all of
 * it at once. The format is specified in `docs/wire.md`.
 */
export interface Checkpoint {
  readonly format: 1
  /** Unique to one subscription; `null` when nobody owns the partition. */
  readonly owner: string | null
  /** Rises whenever the partition changes hands: the fencing token. */
  readonly epoch: number
  /** Rises with every write, so that a write whose reply was lost can be recognised. */
  readonly beat: number
  /** How long the owner may be silent before another may take over. */
  readonly leaseMs: number
  /** Everything up to here was handled, parked or skipped. */
  readonly position: Position
  readonly parked: readonly Parked[]
}

export function checkpoints(documents: WrappedDocumentStore): DocumentCollection<Checkpoint> {
  return documents.collection<Checkpoint>(CHECKPOINTS, { listed: documents.capabilities.listing !== 'none' })
}

/** @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: written by a newer version. */
export function checkFormat(checkpoint: Checkpoint, group: string): Checkpoint {
  if (checkpoint.format !== 1) {
    throw new EventStoreError(
      'STORE_INCOMPATIBLE',
      `the checkpoint of group ${JSON.stringify(group)} has an unknown format`,
    )
  }
  return checkpoint
}

/** Errors after which the same call may succeed: the consumer waits and goes on. */
export function isTransient(error: unknown): boolean {
  if (!EventStoreError.is(error)) return false
  return error.retryable || TRANSIENT.has(error.code)
}

const TRANSIENT: ReadonlySet<string> = new Set([
  'BACKEND_UNAVAILABLE',
  'BACKEND_FAILED',
  'OUTCOME_UNKNOWN',
  'BUSY',
  'TIMEOUT',
])
