import type { Backend, Capabilities, DocumentStore } from '@eventspine/core'
import type { Law } from './laws.ts'
import type { Source } from './source.ts'

/** The part of a test runner that the kit needs: vitest, `node:test`, jest and mocha all have it. */
export interface Runner {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>, timeoutMs?: number): void
}

export interface OpenRequest {
  /** A power of two from 1 to 1,024. */
  readonly partitions: number
}

/** How another process of the operating system opens the store of a {@link TestBackend}. */
export interface ChildAccess {
  /** A file URL or a package's name; the module exports `openUrl` as adapter packages do. */
  readonly module: string
  readonly url: string
}

/** What is made of a backend whose events keep their data apart, however small it is. */
export interface PayloadAccess {
  /** A client of the store or stream that keeps the events, without the payloads. */
  readonly target: Backend
  /** A client of the store that keeps the payloads. */
  readonly payloads: Backend
  /** Keeps the data of events of `target` in `documents`: how `backend` was made of clients like these. */
  readonly decorate: (target: Backend, documents: DocumentStore) => Backend
  /**
   * Deletes the payloads that no event refers to, of what {@link PayloadAccess.decorate} has made.
   *
   * @returns how many documents were deleted.
   */
  readonly collectOrphans: (backend: Backend, graceMs: number) => Promise<number>
}

/** A store of its own for one case: nobody else writes to it, and it starts empty. */
export interface TestBackend {
  readonly backend: Backend
  /** A second client of the same store, with connections of its own where there are any. */
  sibling(): Promise<Backend>
  /** Closes `backend` and opens the same store again: what was acknowledged must still be there. */
  reopen(): Promise<Backend>
  /** `undefined` exactly where `capabilities.multiProcess` is `false`. */
  readonly child: ChildAccess | undefined
  /**
   * Lets the reply to the next append of `backend` get lost after the append was executed. Where the test
   * bed has no means for that, cases give up on the call instead.
   */
  readonly loseReply?: (() => Promise<void>) | undefined
  /** Lets the reply to the next write of a relay of `backend` get lost after it was executed, likewise. */
  readonly loseRelayReply?: (() => Promise<void>) | undefined
  /**
   * Lets all of the feed go that was written so far, whoever needs it. Needed exactly where `feedRetention` is `trimmed`.
   */
  readonly trimFeed?: (() => Promise<void>) | undefined
  /**
   * Lets go what all groups have handled, as far as the adapter trims by itself. Absent where retention knows
   * nothing of groups.
   */
  readonly trimHandled?: (() => Promise<void>) | undefined
  /**
   * Takes the store away from `backend`, as a server that is down does, until `end` is called. Where the test
   * bed has no means for that, cases reopen the store instead.
   */
  readonly outage?: (() => Promise<{ readonly end: () => Promise<void> }>) | undefined
  /** Needed for the cases of payloads alone. */
  readonly claimCheck?: PayloadAccess | undefined
  /** Closes the clients that `sibling` and `reopen` made too, and removes the store. */
  close(): Promise<void>
}

/** A {@link TestBackend} with the means to feed its consumers. */
export interface CaseBackend extends TestBackend {
  readonly source: Source
}

/** What cases are run against. */
export interface CaseOptions {
  /** The adapter's name, as the runner shall print it. */
  readonly name: string
  readonly open: (request: OpenRequest) => Promise<TestBackend>
  /** Opens the reference that differential cases compare with: the memory adapter. */
  readonly reference?: ((request: OpenRequest) => Promise<TestBackend>) | undefined
  /** Of everything random. Default: drawn; a failing case prints it. */
  readonly seed?: number | undefined
  /** Random programs that each differential and property case runs. Default 30. */
  readonly rounds?: number | undefined
  /** Milliseconds that a case waits for a condition to come true. Default 10,000. */
  readonly patienceMs?: number | undefined
  /** The shortest lease that the backend's own groups take. Default: none is too short. */
  readonly minLeaseMs?: number | undefined
}

export interface KitOptions extends Runner, CaseOptions {}

/** What a case works with. Everything opened through it is closed when the case ends, however it ends. */
export interface CaseContext {
  readonly name: string
  readonly seed: number
  readonly rounds: number
  readonly capabilities: Capabilities
  /** Default: one partition. */
  readonly open: (request?: Partial<OpenRequest>) => Promise<CaseBackend>
  /** `undefined` when no reference was given. */
  readonly openReference: ((request?: Partial<OpenRequest>) => Promise<CaseBackend>) | undefined
}

/** One provable statement about a backend. */
export interface Case {
  /** Empty where the case holds the ports to something that no law names. */
  readonly laws: readonly Law[]
  /** Stable, `topic/what`: quoted by the ports' documentation and by the table of laws. */
  readonly id: string
  /** A sentence without its subject: `refuses an append at a stale version`. */
  readonly title: string
  /** Milliseconds after which the case has failed. Default 60,000. */
  readonly timeoutMs?: number
  /**
   * What the case is about is there: when this says `false`, `refuses` runs in its place. A case is never
   * left out.
   */
  readonly needs?: (capabilities: Capabilities) => boolean
  /** Asserts what a backend without it does instead: in general, that it says `NOT_SUPPORTED`. */
  readonly refuses?: (context: CaseContext) => Promise<void>
  readonly run: (context: CaseContext) => Promise<void>
}
