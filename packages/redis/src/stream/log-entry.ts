import { EventStoreError } from '@eventspine/core'
import type { Codec, EncodedEvent, EventOrigin, RelayedEvent, StoredEvent } from '@eventspine/core'

/*
 * An entry of a log is one event in one field, of four lines: when it was written, and for one that a relay brought
 * ` time version position` of its source; the stream id; `codec schemaVersion id type`; metadata; data. The server
 * writes the time. Texts hold no line breaks: JSON escapes them and names have none.
 */

const ZERO = 48
const SPACE = 32
const ID_LENGTH = 36

/** An entry as the scripts take it: all of it behind the time at which it is written. */
export function packEvent(event: EncodedEvent, streamId: string): string {
  const { codec, schemaVersion, id, type, data, metadata } = event
  return `\n${streamId}\n${codec} ${schemaVersion} ${id} ${type}\n${metadata}\n${data}`
}

/** An entry of an event that a relay brings. */
export function packRelayed(event: RelayedEvent): string {
  const { position, streamPosition = 0 } = event.origin
  return ` ${event.timestampMs} ${streamPosition} ${position}${packEvent(event, event.streamId)}`
}

class LogEvent implements StoredEvent {
  readonly id: string
  readonly type: string
  readonly streamId: string
  readonly schemaVersion: number
  readonly codec: Codec
  readonly partition: number
  readonly version: number
  readonly sequence: number
  readonly #text: string
  /** Where metadata and data begin. */
  readonly #metadata: number
  readonly #data: number

  constructor(partition: number, sequence: number, text: string) {
    const streamId = text.indexOf('\n') + 1
    const header = text.indexOf('\n', streamId) + 1
    this.#metadata = text.indexOf('\n', header) + 1
    this.#data = text.indexOf('\n', this.#metadata) + 1
    this.#text = text
    if (streamId === 0 || header === 0 || this.#metadata === 0 || this.#data === 0)
      throw foreignEntry(partition, sequence)
    this.partition = partition
    this.version = sequence
    this.sequence = sequence
    this.streamId = text.slice(streamId, header - 1)
    // What the wrapper gave, 0 or 1; it refuses to decode any other.
    this.codec = (text.charCodeAt(header) - ZERO) as Codec
    let index = header + 2
    let schemaVersion = 0
    for (let unit = text.charCodeAt(index); unit > SPACE; unit = text.charCodeAt(++index))
      schemaVersion = schemaVersion * 10 + (unit - ZERO)
    this.schemaVersion = schemaVersion
    this.id = text.slice(index + 1, index + 1 + ID_LENGTH)
    this.type = text.slice(index + ID_LENGTH + 2, this.#metadata - 1)
  }

  get metadata(): string {
    return this.#text.slice(this.#metadata, this.#data - 1)
  }

  get data(): string {
    return this.#text.slice(this.#data)
  }

  get timestampMs(): number {
    const [writtenAtMs = '', sourceMs = writtenAtMs] = this.#times()
    return Number(sourceMs)
  }

  get origin(): EventOrigin | undefined {
    const [, , version, position] = this.#times()
    if (position === undefined) return undefined
    return version === '0' ? { position } : { position, streamPosition: Number(version) }
  }

  #times(): readonly string[] {
    return this.#text.slice(0, this.#text.indexOf('\n')).split(' ')
  }
}

/** What `XRANGE` returns of an entry. */
export type RawEntry = readonly [id: string, fields: readonly string[]]

/** @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: something else wrote the entry. */
export function unpackEntry([id, fields]: RawEntry, partition: number): StoredEvent {
  const sequence = entrySequence(id)
  const text = fields[1]
  if (text === undefined || fields[0] !== 'e') throw foreignEntry(partition, sequence)
  return new LogEvent(partition, sequence, text)
}

/** The sequence that the id of an entry stands for. */
function entrySequence(id: string): number {
  return Number(id.slice(0, id.indexOf('-')))
}

function foreignEntry(partition: number, sequence: number): EventStoreError<'STORE_INCOMPATIBLE'> {
  return new EventStoreError(
    'STORE_INCOMPATIBLE',
    `redis: the entry at sequence ${sequence} of partition ${partition} was not written by Eventspine`,
  )
}
