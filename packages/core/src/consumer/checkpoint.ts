import type {
  Document,
  DocumentCollection,
  DocumentStore,
  DocumentWrite,
  RevisionExpectation,
} from '../document-store.ts'
import { EventStoreError } from '../error.ts'
import type { Position } from '../position.ts'
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

/** What checkpoint documents are found by; `undefined` where the backend's own groups keep checkpoints. */
export function checkpointOwner(backend: {
  readonly documents: DocumentStore | undefined
  readonly borrowedFor: string | undefined
}): CheckpointOwner | undefined {
  const { documents, borrowedFor } = backend
  return documents === undefined ? undefined : { documents, borrowedFor }
}

/** What a checkpoint document is found by. */
export interface CheckpointOwner {
  readonly documents: DocumentStore
  /** Incarnation of the feed when the documents are another backend's, where groups of several feeds meet. */
  readonly borrowedFor: string | undefined
}

/** The document in which a group keeps what it knows of one partition. */
export class CheckpointDocument {
  readonly documents: DocumentStore
  readonly group: string
  /** Where it lives, and with it by default what handlers write. */
  readonly documentPartition: number
  readonly #collection: DocumentCollection<Checkpoint>
  readonly #key: string

  constructor({ documents, borrowedFor }: CheckpointOwner, group: string, partition: number) {
    this.documents = documents
    this.group = group
    this.#key = borrowedFor === undefined ? group : `${group}/${borrowedFor}/${partition}`
    this.documentPartition = partition % documents.partitions
    this.#collection = documents.collection(CHECKPOINTS, {
      listed: documents.capabilities.listing !== 'none',
    })
  }

  /** @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: written by a newer version. */
  async get(): Promise<Document<Checkpoint> | undefined> {
    const document = await this.#collection.get(this.#key, { partition: this.documentPartition })
    if (document !== undefined && document.value.format !== 1) {
      throw new EventStoreError(
        'STORE_INCOMPATIBLE',
        `the checkpoint of group ${JSON.stringify(this.group)} has an unknown format`,
      )
    }
    return document
  }

  put(value: Checkpoint, expectedRevision: RevisionExpectation): Promise<string> {
    return this.#collection.put(this.#key, value, { partition: this.documentPartition, expectedRevision })
  }

  putting(value: Checkpoint, revision: string): DocumentWrite {
    return this.#collection.putting(this.#key, value, {
      partition: this.documentPartition,
      expectedRevision: { revision },
    })
  }
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
