import type { ReadOptions } from '@eventspine/core'

/** Relative to the version that the stream has when the step runs. */
export interface RelativeVersion {
  readonly relative: number
}

export type Expectation = 'any' | 'none' | 'exists' | RelativeVersion

export interface ProgramEvent {
  readonly type: string
  readonly id: string
  readonly data: unknown
  readonly metadata?: { readonly [key: string]: unknown }
  readonly tags?: readonly string[]
  readonly schemaVersion?: number
  readonly occurredAt?: string
}

/** Streams, keys and remembered things are numbers: what they stand for is chosen where the step runs. */
export interface ProgramStream {
  readonly stream: number
  readonly expected: Expectation
  readonly events: readonly ProgramEvent[]
}

export interface ProgramDocument {
  readonly key: number
  /** `undefined` deletes. */
  readonly value: unknown
  /** `current` and `stale` are revisions that the document has or had. */
  readonly expected: 'any' | 'none' | 'current' | 'stale'
}

/** A step of a program: it does the same on every store that obeys the laws. */
export type Step =
  | ({ readonly kind: 'append' } & ProgramStream)
  | {
      readonly kind: 'commit'
      readonly streams: readonly ProgramStream[]
      readonly documents: readonly ProgramDocument[]
    }
  /** The same append again: same ids, data and expected version. */
  | { readonly kind: 'repeat'; readonly remembered: number; readonly changed: boolean }
  | { readonly kind: 'read'; readonly stream: number; readonly options: ReadOptions }
  | { readonly kind: 'head'; readonly stream: number }
  | { readonly kind: 'feed'; readonly remembered: number; readonly pageSize: number; readonly limit: number }
  | { readonly kind: 'delete'; readonly stream: number; readonly expected: Expectation }
  | {
      readonly kind: 'truncate'
      readonly stream: number
      readonly before: RelativeVersion
      readonly expected: Expectation
    }
  | {
      readonly kind: 'import'
      readonly stream: number
      readonly from: RelativeVersion
      readonly events: readonly ProgramEvent[]
    }
  | { readonly kind: 'write'; readonly documents: readonly ProgramDocument[] }
  | { readonly kind: 'get'; readonly keys: readonly number[] }
  | { readonly kind: 'list'; readonly prefix: string; readonly pageSize: number }
  | { readonly kind: 'transaction'; readonly steps: readonly Step[]; readonly rollback: boolean }
  | { readonly kind: 'reopen' }
