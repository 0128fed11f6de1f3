import type { Capabilities } from './capabilities.ts'
import type { DocumentStore } from './document-store.ts'
import type { EventStore } from './event-store.ts'
import type { EventStream } from './event-stream.ts'

/** Both ports within one transaction: visible all at once when it commits, or not at all. */
export interface Transaction<Native = unknown> {
  readonly store: EventStore
  readonly documents: DocumentStore
  /** The backend's own client; only where `sharedTransaction` is `native`. */
  readonly native: Native
}

/**
 * An opened backend: its ports over one client. Ports that the backend has not refuse with
 * `NOT_SUPPORTED`, so that code which only needs some of them runs on every backend.
 */
export interface Backend<Native = unknown> {
  readonly name: string
  readonly capabilities: Capabilities
  readonly store: EventStore
  readonly documents: DocumentStore
  readonly stream: EventStream<Native>
  /**
   * Runs `work` in one transaction over store, documents and (where `native`) the user's own tables.
   *
   * @throws {@link EventStoreError} `NOT_SUPPORTED` where `sharedTransaction` is `none`; else what `work`
   *   threw, after a rollback.
   */
  transaction<Result>(work: (transaction: Transaction<Native>) => Promise<Result>): Promise<Result>
  /** Drains appends, stops subscriptions, ends clients that the adapter made itself. Idempotent. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface OpenOptions {
  /** Create what is missing (schema, tables) and run migrations first. Default `false`: verify only. */
  readonly create?: boolean | undefined
  /** Partition count of a store that is created; of an existing one it is checked. */
  readonly partitions?: number | undefined
}

/** What an adapter package exports for the registry. */
export interface AdapterModule {
  openUrl(url: string, options: OpenOptions): Promise<Backend>
}

/** Adapters by URL scheme, each loaded when first needed: `{ postgres: () => import('@eventspine/postgres') }`. */
export type AdapterRegistry = Readonly<Record<string, () => Promise<AdapterModule>>>
