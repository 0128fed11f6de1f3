import { createManifest, EventStoreError, type StoreManifest } from '@eventspine/core'
import type { EncodedEvent, StoredDocument, StoredEvent } from '@eventspine/core'

/** A stored event, or the tombstone that removal put in its place. */
export type Row = StoredEvent & { readonly removed: boolean }

/** Rows of one stream or partition; those from `committed` on belong to the open transaction. */
export interface RowList {
  readonly rows: Row[]
  committed: number
}

export interface StreamRows extends RowList {
  /** Version of `rows[0]`: above 1 only for a stream imported without its beginning. */
  readonly first: number
  /** First version that a read can return. */
  firstVersion: number
  /** The version at which it was deleted; it is deleted while that is its version. */
  deletedAt: number
}

export interface PartitionRows extends RowList {
  sealed: boolean
  readonly waiting: Set<() => void>
}

/**
 * The state that backends of one process may share. One transaction is open at a time, and other writers
 * wait for it: what it wrote is exactly what lies behind the committed lengths.
 */
export class MemoryDatabase {
  readonly manifest: StoreManifest
  readonly streams = new Map<string, StreamRows>()
  readonly partitions: readonly PartitionRows[]
  readonly documents = new Map<
    string,
    StoredDocument & { readonly collection: string; readonly partition: number; readonly key: string }
  >()
  readonly clock: () => number
  #revision = 0
  #transaction: Promise<void> | undefined

  /** @param options.clock - milliseconds since the epoch. Default: the system's clock. */
  constructor(
    options: { readonly partitions?: number | undefined; readonly clock?: (() => number) | undefined } = {},
  ) {
    this.manifest = createManifest(options.partitions)
    this.clock = options.clock ?? Date.now
    this.partitions = Array.from({ length: this.manifest.partitions }, () => ({
      rows: [],
      committed: 0,
      sealed: false,
      waiting: new Set(),
    }))
  }

  /** A revision that was never given before. */
  nextRevision(): string {
    this.#revision++
    return String(this.#revision)
  }

  partition(partition: number): PartitionRows {
    const rows = this.partitions[partition]
    if (rows === undefined) throw new RangeError(`no partition ${partition}`)
    return rows
  }

  /** Adds an event behind all others of its stream and partition. */
  push(streamId: string, partition: number, event: EncodedEvent, version: number, timestampMs: number): Row {
    let stream = this.streams.get(streamId)
    if (stream === undefined) {
      stream = { rows: [], committed: 0, first: version, firstVersion: version, deletedAt: 0 }
      this.streams.set(streamId, stream)
    }
    const feed = this.partition(partition)
    const { id, type, schemaVersion, codec, data, metadata } = event
    // Not a spread of `event`: in Node 20, V8 gives the result a hidden class of its own for every row, and each read of a
    // stored event then costs ten times as much.
    const row: Row = {
      id,
      type,
      schemaVersion,
      codec,
      data,
      metadata,
      streamId,
      partition,
      version,
      sequence: feed.rows.length + 1,
      timestampMs,
      removed: false,
    }
    stream.rows.push(row)
    feed.rows.push(row)
    return row
  }

  /** Makes rows visible and wakes who waits for them. */
  commit(rows: readonly Row[]): void {
    const partitions = new Set<PartitionRows>()
    for (const row of rows) {
      const stream = this.streams.get(row.streamId)
      if (stream !== undefined) stream.committed = stream.rows.length
      partitions.add(this.partition(row.partition))
    }
    for (const partition of partitions) {
      partition.committed = partition.rows.length
      for (const wake of partition.waiting) wake()
    }
  }

  /** Takes back rows that were never committed, the latest first. */
  undo(rows: readonly Row[]): void {
    for (const row of rows.toReversed()) {
      const stream = this.streams.get(row.streamId)
      stream?.rows.pop()
      if (stream?.rows.length === 0) this.streams.delete(row.streamId)
      this.partition(row.partition).rows.pop()
    }
  }

  /**
   * Runs `work` once no transaction is open. It must not await: between the check and its end nothing may
   * come in, another transaction least of all.
   *
   * @throws {@link EventStoreError} `BUSY` after `timeoutMs`; `work` was not run.
   */
  async whenFree<Result>(timeoutMs: number, work: () => Result): Promise<Result> {
    const deadline = performance.now() + timeoutMs
    while (this.#transaction !== undefined) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0)
        throw new EventStoreError('BUSY', `waited ${timeoutMs} ms for an open transaction`, {
          retryable: true,
        })
      await Promise.race([this.#transaction, ...(leftMs === Infinity ? [] : [sleep(leftMs)])])
    }
    return work()
  }

  /** Runs `work` as the one open transaction. */
  async exclusively<Result>(timeoutMs: number, work: () => Promise<Result>): Promise<Result> {
    let end = (): void => undefined
    await this.whenFree(timeoutMs, () => {
      this.#transaction = new Promise((resolve) => (end = resolve))
    })
    try {
      return await work()
    } finally {
      this.#transaction = undefined
      end()
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
