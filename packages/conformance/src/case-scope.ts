import { AsyncLocalStorage } from 'node:async_hooks'

/** What the helpers of one running case share, since cases may run side by side. */
export interface CaseScope {
  /** Milliseconds that a condition is waited for. */
  readonly patienceMs: number
  readonly minLeaseMs: number
  /** Run when the case has ended, however it ended, before what it opened is closed. */
  readonly atEnd: (() => void)[]
}

export const DEFAULT_PATIENCE_MS = 10_000

/** The scope of the case that is running; helpers outside of one do without. */
export const caseScope = new AsyncLocalStorage<CaseScope>()

/** Milliseconds that the running case waits for a condition. */
export function patienceMs(): number {
  return caseScope.getStore()?.patienceMs ?? DEFAULT_PATIENCE_MS
}

/** A lease as short as a case wants it, if the backend takes one so short. */
export function leaseOf(leaseMs: number): number {
  return Math.max(leaseMs, caseScope.getStore()?.minLeaseMs ?? 0)
}
