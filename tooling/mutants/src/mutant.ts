import type { Law } from '@eventspine/conformance'
import type { Backend, BackendAdapter } from '@eventspine/core'
import type { MemoryDatabase } from '@eventspine/memory'

/** How one store is broken. All clients of the store are made through the same breakage. */
export interface Breakage {
  /** Breaks what the adapter does. */
  adapter?(adapter: BackendAdapter<undefined>): BackendAdapter<undefined>
  /** Breaks what only the wrapper around the adapter can. */
  backend?(backend: Backend): Backend
}

/** A backend that breaks one law, and the cases that must catch it. */
export interface Mutant {
  readonly law: Law
  /** `law/what`, unique. */
  readonly id: string
  /** What it does wrong, as a sentence without its subject. */
  readonly breaks: string
  /** What is broken: memory as it is (the default), or memory whose feed lets old events go. */
  readonly base?: 'memory' | 'trimmed'
  /** Each of these cases alone must fail. At least one. */
  readonly killedBy: readonly string[]
  /** Called once for every store. */
  create(database: MemoryDatabase): Breakage
}
