import type { Session } from './compare.ts'
import { type Operate, runSlice } from './slice.ts'

/** What a session that works in this process is made of. */
export interface LocalSession {
  readonly operate: Operate
  /** See {@link Session.check}. */
  readonly check?: (acknowledgedEvents: number) => Promise<void> | void
  readonly close?: () => Promise<void> | void
}

/** A session whose operations run in this process. */
export function localSession({ operate, check, close }: LocalSession): Session {
  return {
    measure: (plan) => runSlice(operate, plan),
    check: async (acknowledgedEvents) => check?.(acknowledgedEvents),
    close: async () => close?.(),
  }
}
