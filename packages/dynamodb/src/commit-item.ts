import type { Codec, EncodedEvent, StoredEvent } from '@eventspine/core'
import { type Item, numberOf, textOf, unreadable } from './item.ts'
import { type Keys, numberKey, partKey } from './keys.ts'
import { splitText } from './text-parts.ts'

/*
 * A commit of one stream is one item. Its text is a line `SEQUENCE TIME COUNT`, then three lines an event:
 * `CODEC SCHEMA_VERSION ID TYPE`, data, metadata. Texts hold no line breaks: JSON escapes them and names have none.
 */

const ID_LENGTH = 36

/** The lines of events, without that of the commit: they stay the same wherever it ends up. */
export function eventLines(events: readonly EncodedEvent[]): string {
  let text = ''
  for (const { codec, schemaVersion, id, type, data, metadata } of events)
    text += `\n${codec} ${schemaVersion} ${id} ${type}\n${data}\n${metadata}`
  return text
}

/** The line of a commit whose first event has `sequence`. */
export function commitLine(sequence: number, timestampMs: number, count: number): string {
  return `${sequence} ${timestampMs} ${count}`
}

/** The items of a commit's text: one, and one for each part that does not fit into it. */
export function commitItems(keys: Keys, streamId: string, version: number, text: string): readonly Item[] {
  const [head = '', ...rest] = splitText(text)
  const item: Item = { pk: { S: keys.stream(streamId) }, sk: { S: numberKey(version) }, events: { S: head } }
  if (rest.length === 0) return [item]
  item['parts'] = { N: String(rest.length) }
  const pk = keys.parts(streamId)
  const parts = rest.map((part, index): Item => {
    return { pk: { S: pk }, sk: { S: partKey(version, index + 1) }, events: { S: part } }
  })
  return [item, ...parts]
}

/** Where and when one event of an imported item was recorded; those of other items follow each other. */
export interface EventPlace {
  readonly sequence: number
  readonly timestampMs: number
}

/** A commit as it is stored, in which removed events are counted still. */
export interface StoredCommit {
  /** Version of its first event. */
  readonly first: number
  /** Events, removed ones included. */
  readonly count: number
  /** Of the front. */
  readonly removed: number
  /** Those that are left. */
  readonly events: readonly StoredEvent[]
  /** Ids of the removed ones. */
  readonly removedIds: readonly string[]
  readonly text: string
  /** How many further items hold the rest of the text. */
  readonly parts: number
  readonly places: readonly EventPlace[] | undefined
  readonly sequence: number
}

/** How many items hold the rest of a commit's text. */
export function partsOf(item: Item): number {
  return numberOf(item, 'parts', 0)
}

/** @param rest - the text of the parts, in their order. */
export function decodeCommit(item: Item, streamId: string, partition: number, rest = ''): StoredCommit {
  const text = textOf(item, 'events') + rest
  const first = Number(textOf(item, 'sk'))
  const removed = numberOf(item, 'removed', 0)
  const end = text.indexOf('\n')
  const [sequence = 0, timestampMs = 0, count = 0] = text
    .slice(0, end < 0 ? text.length : end)
    .split(' ')
    .map(Number)
  if (!(sequence >= 1 && count >= 1)) throw unreadable(item, 'events')
  const places = item['places']?.S === undefined ? undefined : decodePlaces(item['places'].S)
  const events: StoredEvent[] = []
  let position = end < 0 ? text.length : end + 1
  for (let index = removed; index < count; index++) {
    const place = places?.[index] ?? { sequence: sequence + index, timestampMs }
    const event = new PackedEvent(streamId, partition, first + index, place, text, position)
    position = event.end
    events.push(event)
  }
  if (position !== text.length + (events.length > 0 ? 1 : 0)) throw unreadable(item, 'events')
  const removedIds = removed === 0 ? [] : textOf(item, 'ids').split('\n')
  return { first, count, removed, events, removedIds, text, parts: partsOf(item), places, sequence }
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
  /** Where the next event begins in the text; infinity when this one is not whole. */
  readonly end: number

  constructor(
    streamId: string,
    partition: number,
    version: number,
    { sequence, timestampMs }: EventPlace,
    text: string,
    start: number,
  ) {
    this.streamId = streamId
    this.partition = partition
    this.version = version
    this.sequence = sequence
    this.timestampMs = timestampMs
    const space = text.indexOf(' ', start + 2)
    const data = text.indexOf('\n', space) + 1
    const metadata = text.indexOf('\n', data) + 1
    const next = text.indexOf('\n', metadata)
    const end = next < 0 ? text.length : next
    // What the wrapper gave, 0 or 1; it refuses to decode any other.
    this.codec = Number(text[start]) as Codec
    this.schemaVersion = Number(text.slice(start + 2, space))
    this.id = text.slice(space + 1, space + 1 + ID_LENGTH)
    this.type = text.slice(space + ID_LENGTH + 2, data - 1)
    this.data = text.slice(data, metadata - 1)
    this.metadata = text.slice(metadata, end)
    this.end = space < 0 || data === 0 || metadata === 0 ? Infinity : end + 1
  }
}

/** One line an event: `SEQUENCE TIME`. */
export function encodePlaces(places: readonly EventPlace[]): string {
  return places.map(({ sequence, timestampMs }) => `${sequence} ${timestampMs}`).join('\n')
}

function decodePlaces(text: string): readonly EventPlace[] {
  return text.split('\n').map((line) => {
    const [sequence = 0, timestampMs = 0] = line.split(' ').map(Number)
    return { sequence, timestampMs }
  })
}

/** Id of the event (or tombstone) that is `index`th of the commit. */
export function idAt(commit: StoredCommit, index: number): string | undefined {
  return index < commit.removed ? commit.removedIds[index] : commit.events[index - commit.removed]?.id
}

/** Sequence of the event (or tombstone) that is `index`th of the commit. */
export function sequenceAt(commit: StoredCommit, index: number): number {
  return commit.places?.[index]?.sequence ?? commit.sequence + index
}

/** A commit with its first events removed: their ids stay. */
export function withoutEvents(
  commit: StoredCommit,
  removed: number,
): { readonly text: string; readonly ids: readonly string[] } {
  const gone = commit.events.slice(0, removed - commit.removed).map(({ id }) => id)
  const left = commit.events.slice(removed - commit.removed)
  const header = commit.text.slice(0, commit.text.search(/\n|$/))
  return { text: header + eventLines(left), ids: [...commit.removedIds, ...gone] }
}
