import type { Capabilities } from './capabilities.ts'

/** What a document must be at for a write: anything, absent, or a revision that `get` or `put` returned. */
export type RevisionExpectation = 'any' | 'none' | { readonly revision: string }

/** One write of a batch or commit; made by a collection's `putting` and `deleting`. */
export interface DocumentWrite {
  readonly collection: string
  readonly key: string
  readonly partition: number | undefined
  /** JSON; `undefined` deletes. */
  readonly value: unknown
  readonly expectedRevision: RevisionExpectation
  readonly expiresInMs: number | undefined
  readonly listed: boolean
}

export interface Document<Value> {
  readonly key: string
  readonly value: Value
  /** Never repeats at this address, even after the document was deleted or expired. */
  readonly revision: string
}

export interface DocumentOptions {
  /** Affinity: where the document lives. Part of its address. Default: by hash of the key. */
  readonly partition?: number | undefined
}

export interface PutOptions extends DocumentOptions {
  /** Default `any`. */
  readonly expectedRevision?: RevisionExpectation | undefined
  /** Milliseconds until the document is no longer returned. Default: never. */
  readonly expiresInMs?: number | undefined
}

export interface ListOptions {
  /** Default: all partitions, one after the other. */
  readonly partition?: number | undefined
  readonly prefix?: string | undefined
  /** Documents fetched by one request. Default 500. */
  readonly pageSize?: number | undefined
}

export interface CollectionOptions {
  /** Keep what `list` needs. Default `false`; on some backends it costs a write per new document. */
  readonly listed?: boolean | undefined
}

/** Documents of one kind. */
export interface DocumentCollection<Value = unknown> {
  readonly name: string
  get(key: string, options?: DocumentOptions): Promise<Document<Value> | undefined>
  /** In the order of `keys`; `undefined` where nothing is. */
  getMany(
    keys: readonly string[],
    options?: DocumentOptions,
  ): Promise<readonly (Document<Value> | undefined)[]>
  /**
   * Writes a document and returns its new revision.
   *
   * @throws {@link RevisionConflictError} it is not at the expected revision; nothing was written.
   */
  put(key: string, value: Value, options?: PutOptions): Promise<string>
  /** Deletes a document; a missing one is no error unless a revision was expected. */
  delete(key: string, options?: Omit<PutOptions, 'expiresInMs'>): Promise<void>
  /** Lists documents, ordered by the UTF-8 bytes of the key within a partition where the backend declares `ordered`. */
  list(options?: ListOptions): AsyncIterable<Document<Value>>
  /** A put to be written by a batch or a commit. */
  putting(key: string, value: Value, options?: PutOptions): DocumentWrite
  /** A delete to be written by a batch or a commit. */
  deleting(key: string, options?: Omit<PutOptions, 'expiresInMs'>): DocumentWrite
}

/**
 * The small key-value port on which checkpoints, parked events, snapshots and read models are kept. It is
 * not a query database.
 */
export interface DocumentStore {
  readonly capabilities: Capabilities
  readonly partitions: number
  collection<Value = unknown>(name: string, options?: CollectionOptions): DocumentCollection<Value>
  /**
   * Writes all or none, as far as `documentBatch` reaches; returns revisions in the order of `writes`,
   * `undefined` for deletes.
   *
   * @throws {@link RevisionConflictError} one is not at its expected revision; nothing was written.
   * @throws {@link EventStoreError} `NOT_SUPPORTED`: the batch reaches further than the backend.
   */
  batch(writes: readonly DocumentWrite[]): Promise<readonly (string | undefined)[]>
}
