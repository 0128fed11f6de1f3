import { CHECKPOINTS, firstNeeded, invalidArgument } from '@eventspine/core'
import type {
  CompetingFailure,
  EncodedEvent,
  EventOrigin,
  RelayPosition,
  StoredEvent,
  StoreManifest,
} from '@eventspine/core'
import { MemoryDatabase } from './database.ts'

/** How much of a log is kept. */
export interface LogRetention {
  /** The newest events that every partition keeps; older ones go, unless a group still needs them. */
  readonly events: number
  /** Drops also what a group still needs: its position then has expired. Default `false`. */
  readonly force?: boolean | undefined
}

export interface LogDatabaseOptions {
  /** Default 1. */
  readonly partitions?: number | undefined
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly clock?: (() => number) | undefined
  /** Default: everything is kept. */
  readonly retention?: LogRetention | undefined
}

/** An event on its way into a log. */
export interface NewEntry {
  readonly event: EncodedEvent
  readonly streamId: string
  readonly partition: number
  readonly timestampMs: number
  readonly origin?: EventOrigin | undefined
}

export interface LogPartition {
  /** What is kept, without gaps. */
  readonly entries: StoredEvent[]
  firstKept: number
  last: { readonly sequence: number; readonly id: string | undefined }
  readonly waiting: Set<() => void>
  /** Groups without order, by name. */
  readonly groups: Map<string, CompetingGroupState>
}

/** An event that a group without order has handed out and that is not done. */
export interface HandedOut {
  /** Whose it is; `undefined`: given back. */
  readonly member: string | undefined
  /** By the database's clock: when its member last said that it has it. */
  readonly sinceMs: number
  readonly tries: number
}

/** What is known of a group without order in one partition. */
export interface CompetingGroupState {
  /** Everything up to this sequence was handed out at least once. */
  handedOut: number
  readonly inHand: Map<number, HandedOut>
  readonly parked: Map<number, CompetingFailure>
  readonly members: Set<string>
}

/** What one relay has written from one source. */
export interface RelayState {
  /** Partition count of the source. */
  readonly partitions: number
  readonly progress: Map<number, RelayProgress>
}

/** How far a relay is in one partition of its source. */
export interface RelayProgress {
  /** Rises with every session; only the latest may write. */
  epoch: number
  position: RelayPosition | undefined
}

/** The state that the streams of one process may share: a log a partition, what relays remember, documents. */
export class MemoryLogDatabase {
  readonly manifest: StoreManifest
  /** Where groups keep their checkpoints, and handlers their effects. */
  readonly documents: MemoryDatabase
  readonly partitions: readonly LogPartition[]
  /** By the relay's name and the incarnation of its source. */
  readonly relays = new Map<string, RelayState>()
  readonly #retention: LogRetention | undefined

  constructor({ partitions, clock, retention }: LogDatabaseOptions = {}) {
    if (retention !== undefined && (!Number.isSafeInteger(retention.events) || retention.events < 0))
      throw invalidArgument('retention.events', 'must be an integer of at least 0')
    this.documents = new MemoryDatabase({ partitions, clock })
    this.manifest = this.documents.manifest
    this.partitions = Array.from({ length: this.manifest.partitions }, () => ({
      entries: [],
      firstKept: 1,
      last: { sequence: 0, id: undefined },
      waiting: new Set(),
      groups: new Map(),
    }))
    this.#retention = retention
  }

  partition(partition: number): LogPartition {
    const log = this.partitions[partition]
    if (log === undefined) throw new RangeError(`no partition ${partition}`)
    return log
  }

  /**
   * Adds entries, visible all at once, and wakes who waits for them.
   *
   * @returns the sequence of each.
   */
  push(entries: readonly NewEntry[]): readonly number[] {
    const touched = new Set<number>()
    const sequences = entries.map((entry) => {
      touched.add(entry.partition)
      return this.#push(entry)
    })
    for (const partition of touched) {
      if (this.#retention !== undefined) this.#retain(partition, this.#retention)
      for (const wake of this.partition(partition).waiting) wake()
    }
    return sequences
  }

  /**
   * Lets events below the sequence `before` go, as far as no group needs them: the first event that a
   * group has not seen, and the first that waits in a parked stream, stay. A group is known by its checkpoint
   * here; of one that never ran nothing is known.
   *
   * @param options.force - drop also what groups need: their positions then have expired.
   * @returns the first sequence that is kept.
   */
  trim(partition: number, before: number, options: { readonly force?: boolean | undefined } = {}): number {
    const log = this.partition(partition)
    const wanted = Math.min(before, log.last.sequence + 1)
    const firstKept = options.force === true ? wanted : Math.min(wanted, this.#firstNeeded(partition))
    if (firstKept > log.firstKept) {
      log.entries.splice(0, firstKept - log.firstKept)
      log.firstKept = firstKept
    }
    return log.firstKept
  }

  #push({ event, streamId, partition, timestampMs, origin }: NewEntry): number {
    const log = this.partition(partition)
    const sequence = log.last.sequence + 1
    const { id, type, schemaVersion, codec, data, metadata } = event
    // Written out, as the store's rows are: a spread would give every entry a hidden class of its own.
    log.entries.push({
      id,
      type,
      schemaVersion,
      codec,
      data,
      metadata,
      streamId,
      partition,
      version: sequence,
      sequence,
      timestampMs,
      origin,
    })
    log.last = { sequence, id }
    return sequence
  }

  #retain(partition: number, { events, force }: LogRetention): void {
    const { entries, last } = this.partition(partition)
    if (entries.length > events) this.trim(partition, last.sequence - events + 1, { force })
  }

  #firstNeeded(partition: number): number {
    let first = Infinity
    for (const document of this.documents.documents.values()) {
      if (document.collection === CHECKPOINTS && document.partition === partition)
        first = Math.min(first, firstNeeded(document.value))
    }
    for (const { handedOut, inHand, parked } of this.partition(partition).groups.values())
      first = Math.min(first, handedOut + 1, ...inHand.keys(), ...parked.keys())
    return first
  }
}
