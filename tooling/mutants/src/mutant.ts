import type { Law } from '@eventspine/conformance'
import type { Backend, BackendAdapter, DocumentStoreAdapter, EventStoreAdapter } from '@eventspine/core'
import type { MemoryDatabase } from '@eventspine/memory'

/** How one store is broken. All clients of the store are made through the same breakage. */
export interface Breakage {
  /** Breaks what the adapter does. */
  adapter?(adapter: BackendAdapter<undefined>): BackendAdapter<undefined>
  /** Breaks what only the wrapper around the adapter can. */
  backend?(backend: Backend): Backend
  /** Breaks how a log trims: it drops what groups need, or nothing ever. */
  readonly trims?: 'what-groups-need' | 'nothing'
  /** Breaks what a claim check keeps payloads in. */
  readonly payloads?: (documents: DocumentStoreAdapter) => DocumentStoreAdapter
  /** Breaks what the collector of orphans looks at. */
  readonly collector?: {
    readonly store?: (store: EventStoreAdapter) => EventStoreAdapter
    readonly documents?: (documents: DocumentStoreAdapter) => DocumentStoreAdapter
  }
}

/** A backend that breaks one law, and the cases that must catch it. */
export interface Mutant {
  readonly law: Law
  /** `law/what`, unique. */
  readonly id: string
  /** What it does wrong, as a sentence without its subject. */
  readonly breaks: string
  /**
   * What is broken: memory as it is (the default), memory whose feed lets old events go, memory's log, or memory that
   * keeps the data of its events in another.
   */
  readonly base?: 'memory' | 'trimmed' | 'log' | 'payloads'
  /** Each of these cases alone must fail. At least one. */
  readonly killedBy: readonly string[]
  /** Called once for every store, or with a log's documents. */
  create(database: MemoryDatabase): Breakage
}
