import type { NewEvent } from '@eventspine/core'
import { readText } from '../src/repository.ts'

/** An event as the vectors have it stored. */
export interface StoredVector {
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  readonly codec: number
  readonly data: string
  readonly metadata: string
}

interface Golden {
  readonly events: readonly { readonly given: NewEvent; readonly stored: StoredVector }[]
  readonly commandEventIds: readonly {
    readonly streamId: string
    readonly commandId: string
    readonly index: number
    readonly id: string
  }[]
}

/** The vectors of `docs/wire.md`, written in this shape; `packages/core/test` looks at the others. */
export const golden = JSON.parse(readText('docs/wire/golden.json')) as Golden

/** JSON has no bytes: the vectors write them as `{ $bytes: base64 }`. */
export function withBytes(event: NewEvent): NewEvent {
  const { data } = event
  if (typeof data !== 'object' || data === null || !('$bytes' in data)) return event
  return { ...event, data: new Uint8Array(Buffer.from(String(data.$bytes), 'base64')) }
}
