import type { Codec, EncodedEvent, StoredEvent } from '@eventspine/core'

/*
 * An entry of a stream is one commit in one field: a line with the time and, unless it is 1, the number of events, then
 * three lines an event: `codec schemaVersion id type`, data, metadata. Texts hold no line breaks: JSON escapes them and
 * names have none.
 */

const SPACE = 32
const ZERO = 48
const ID_LENGTH = 36

/** The events of a commit as the scripts take them: all of the entry behind the time. */
export function packEvents(events: readonly EncodedEvent[]): string {
  let text = events.length === 1 ? '' : ` ${events.length}`
  for (const { codec, schemaVersion, id, type, data, metadata } of events)
    text += `\n${codec} ${schemaVersion} ${id} ${type}\n${data}\n${metadata}`
  return text
}

/** Where an entry stands. */
export interface EntryPlace {
  readonly streamId: string
  readonly partition: number
  /** Of its last event. */
  readonly version: number
  /** Of its last event. */
  readonly sequence: number
}

class PackedEvent implements StoredEvent {
  readonly streamId: string
  readonly partition: number
  readonly version: number
  readonly sequence: number
  readonly timestampMs: number
  readonly schemaVersion: number
  readonly codec: Codec
  readonly id: string
  readonly type: string
  readonly data: string
  readonly metadata: string

  /** @param before - events of the commit that follow this one. */
  constructor(place: EntryPlace, before: number, timestampMs: number, text: string, lines: EventLines) {
    this.streamId = place.streamId
    this.partition = place.partition
    this.version = place.version - before
    this.sequence = place.sequence - before
    this.timestampMs = timestampMs
    const { header, data, metadata, end } = lines
    // What the wrapper gave, 0 or 1; it refuses to decode any other.
    this.codec = (text.charCodeAt(header) - ZERO) as Codec
    let index = header + 2
    let schemaVersion = 0
    for (let unit = text.charCodeAt(index); unit > SPACE; unit = text.charCodeAt(++index))
      schemaVersion = schemaVersion * 10 + (unit - ZERO)
    this.schemaVersion = schemaVersion
    this.id = text.slice(index + 1, index + 1 + ID_LENGTH)
    this.type = text.slice(index + ID_LENGTH + 2, data - 1)
    this.data = text.slice(data, metadata - 1)
    this.metadata = text.slice(metadata, end)
  }
}

/** Where the lines of an event begin, and where the last ends. */
interface EventLines {
  readonly header: number
  readonly data: number
  readonly metadata: number
  readonly end: number
}

/** The events of an entry in their order. Of a commit that a truncation has cut, those that are left. */
export function unpackEvents(text: string, place: EntryPlace): readonly StoredEvent[] {
  const lines: EventLines[] = []
  let end = text.indexOf('\n')
  const timestampMs = Number.parseInt(text.slice(0, end), 10)
  while (end < text.length) {
    const header = end + 1
    const data = text.indexOf('\n', header) + 1
    const metadata = text.indexOf('\n', data) + 1
    end = text.indexOf('\n', metadata)
    if (end < 0) end = text.length
    lines.push({ header, data, metadata, end })
  }
  return lines.map((each, index) => new PackedEvent(place, lines.length - 1 - index, timestampMs, text, each))
}

/** Version and sequence of an entry of a stream, in which order its id says. */
export function entryPlace(id: string): readonly [first: number, second: number] {
  const dash = id.indexOf('-')
  return [Number(id.slice(0, dash)), Number(id.slice(dash + 1))]
}
