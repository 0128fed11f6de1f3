import type { Codec, StoredDocument, StoredEvent } from '@eventspine/core'
import type { Row } from './driver.ts'

const SPACE = 32
const MINUS = 45
const ZERO = 48
const ID_LENGTH = 36

/**
 * A row of an event as the functions of `sql/007-streamed-reads.sql` return it: a line of what is short, data, metadata. The line
 * is taken apart by hand, since a driver spends more on a column than this on all of them; the bodies stay text.
 */
export class StoredRow implements StoredEvent {
  readonly partition: number
  readonly streamId: string
  readonly sequence: number
  readonly version: number
  readonly timestampMs: number
  readonly schemaVersion: number
  readonly codec: Codec
  /** Not 0: a tombstone. */
  readonly state: number
  readonly id: string
  readonly type: string
  readonly data: string
  readonly metadata: string

  /** @param streamId - of a row of a stream; a row of the feed names its own. */
  constructor(row: Row, partition: number, streamId: string | undefined) {
    const line = row[0] ?? ''
    const place = { index: 0 }
    this.partition = partition
    this.sequence = nextInteger(line, place)
    this.version = nextInteger(line, place)
    this.timestampMs = nextInteger(line, place)
    this.schemaVersion = nextInteger(line, place)
    // What the wrapper gave; it refuses to decode any other.
    this.codec = nextInteger(line, place) as Codec
    this.state = nextInteger(line, place)
    this.id = line.slice(place.index, place.index + ID_LENGTH)
    const typeAt = place.index + ID_LENGTH + 1
    if (streamId === undefined) {
      // Names hold no control characters, but may hold spaces.
      const end = line.indexOf('\n', typeAt)
      this.type = line.slice(typeAt, end)
      this.streamId = line.slice(end + 1)
    } else {
      this.type = line.slice(typeAt)
      this.streamId = streamId
    }
    this.data = row[1] ?? ''
    this.metadata = row[2] ?? ''
  }
}

/** Not a tombstone. */
export function isLive({ state }: StoredRow): boolean {
  return state === 0
}

/** The first row of a page of the feed: the last sequence of the partition, and the id at the place asked for. */
export function feedInfo(row: Row | undefined): {
  readonly last: number
  readonly anchorId: string | undefined
} {
  const [last, anchorId] = text(row, 0).split(' ')
  return { last: Number(last), anchorId }
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

/** Reads an integer up to a space, and moves on behind it. */
function nextInteger(line: string, place: { index: number }): number {
  let index = place.index
  // Imported events may be from before 1970.
  const sign = line.charCodeAt(index) === MINUS ? -1 : 1
  if (sign < 0) index++
  let value = 0
  for (let unit = line.charCodeAt(index); unit > SPACE; unit = line.charCodeAt(++index)) {
    value = value * 10 + (unit - ZERO)
  }
  place.index = index + 1
  return sign * value
}
