/** What a process is told to do. */
export interface Life {
  readonly name: string
  readonly source: BackendAccess
  readonly target: BackendAccess
  readonly leaseMs: number
  readonly batchEvents: number
  /** Kills itself at this call of its target; `undefined`: it waits to be killed. */
  readonly crash: { readonly call: number; readonly moment: CrashMoment } | undefined
}

/** How a process opens a backend. */
export interface BackendAccess {
  /** File URL of an adapter's entry. */
  readonly module: string
  readonly url: string
}

/** What a process tells: that it is loaded, that it relays, that it ended by itself. */
export type Report = { readonly kind: 'ready' | 'owned' } | { readonly kind: 'ended'; readonly error: string }

/** Of a call that a relay makes to its target. */
export type CrashMoment = 'before' | 'after'
