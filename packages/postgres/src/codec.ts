import type { Codec, StoredDocument, StoredEvent } from '@eventspine/core'
import type { Row } from './driver.ts'

/*
 * Rows as the functions of `sql/005-reads.sql` return them. Columns: 0 position, 1 version, 2 recorded_at,
 * 3 schema_version, 4 codec, 5 id, 6 type, 7 data, 8 metadata; then 9 state; in the feed also 10 stream id.
 */

/** A row of text seen as an event: nothing is decoded before it is asked for. */
export class StoredRow implements StoredEvent {
  readonly streamId: string
  readonly partition: number
  readonly #row: Row

  constructor(row: Row, streamId: string, partition: number) {
    this.#row = row
    this.streamId = streamId
    this.partition = partition
  }

  get sequence(): number {
    return Number(this.#row[0])
  }

  get version(): number {
    return Number(this.#row[1])
  }

  get timestampMs(): number {
    return Number(this.#row[2])
  }

  get schemaVersion(): number {
    return Number(this.#row[3])
  }

  get codec(): Codec {
    // What the wrapper gave; it refuses to decode any other.
    return Number(this.#row[4]) as Codec
  }

  get id(): string {
    return text(this.#row, 5)
  }

  get type(): string {
    return text(this.#row, 6)
  }

  get data(): string {
    return text(this.#row, 7)
  }

  get metadata(): string {
    return text(this.#row, 8)
  }
}

/** Not a tombstone. */
export function isLive(row: Row): boolean {
  return row[9] === '0'
}

export function text(row: Row | undefined, column: number): string {
  return row?.[column] ?? ''
}

/** A document from its value, revision and expiry, which start at `column`. */
export function storedDocument(row: Row, column: number): StoredDocument {
  const expiresAt = row[column + 2] ?? null
  return {
    value: text(row, column),
    revision: text(row, column + 1),
    expiresAtMs: expiresAt === null ? undefined : Number(expiresAt),
  }
}
