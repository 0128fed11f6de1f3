import type { Slice, SlicePlan } from '../harness/slice.ts'

/** What the process of a session is asked, one after the other. `open` comes first. */
export type SessionRequest =
  | { readonly call: 'open'; readonly argument: unknown }
  | { readonly call: 'measure'; readonly plan: SlicePlan }
  | { readonly call: 'check'; readonly acknowledgedEvents: number }
  | { readonly call: 'close' }

/** What it answers to each. */
export type SessionReply =
  | { readonly ok: true; readonly slice: Slice | undefined }
  | { readonly ok: false; readonly error: string }
