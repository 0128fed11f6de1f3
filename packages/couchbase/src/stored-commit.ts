import type { Codec, EncodedEvent, StoredEvent } from '@eventspine/core'

/*
 * What stands in documents. An event is `[id, type, schemaVersion, codec, data, metadata]`, with data and metadata as JSON
 * text, so that a reader decodes only what it looks at; of a removed event the id is left.
 */

export type EventFields =
  | readonly [id: string, type: string, schemaVersion: number, codec: Codec, data: string, metadata: string]
  | readonly [id: string]

/** A commit in the feed, before it is known whether it counts. */
export interface FeedEntry {
  readonly stream: string
  /** Which commit of its stream it wants to be: 1, 2, 3 …. */
  readonly number: number
  /** Of its first event. */
  readonly version: number
  /** Milliseconds since the epoch; of imported events, of each. */
  readonly time: number | readonly number[]
  /** The first version that the stream ever had, unless that is 1. */
  readonly origin?: number
  /** It counts only if the entry of this stream before it on this page does. */
  readonly chained?: 1
  readonly events: readonly EventFields[]
}

/** What is left of an entry that was found not to count: so many sequences. */
export interface VoidEntry {
  readonly void: number
}

export type PageEntry = FeedEntry | VoidEntry

export function isVoid(entry: PageEntry): entry is VoidEntry {
  return 'void' in entry
}

/** A commit of a stream. It is never removed, only what is in its events. */
export interface CommitDocument extends Omit<FeedEntry, 'chained'> {
  /** Of its last event. */
  readonly last: number
  /** The sequence of its last event: an entry of the feed counts if it ends there, and with this `id`. */
  readonly at: number
  /** Of its last event. */
  readonly id: string
  /** The stream was deleted: `last`, `at` and `id` are those of the commit before. */
  readonly deleted?: 1
}

/** The commit that an entry wants to be, when it ends at the sequence `at`. */
export function commitOf(entry: FeedEntry, at: number): CommitDocument {
  const { stream, number, version, time, origin, events } = entry
  const last = version + events.length - 1
  const started = origin === undefined ? undefined : { origin }
  return { stream, number, version, last, at, id: lastId(entry), time, ...started, events }
}

export function lastId({ events }: Pick<FeedEntry, 'events'>): string {
  return events.at(-1)?.[0] ?? ''
}

export function eventFields({ id, type, schemaVersion, codec, data, metadata }: EncodedEvent): EventFields {
  return [id, type, schemaVersion, codec, data, metadata]
}

/** The event at `index` of a commit; `undefined` when it was removed. */
export function storedEvent(
  entry: Pick<FeedEntry, 'stream' | 'version' | 'time' | 'events'>,
  index: number,
  sequence: number,
  partition: number,
): StoredEvent | undefined {
  const fields = entry.events[index]
  if (fields === undefined || fields.length === 1) return undefined
  const [id, type, schemaVersion, codec, data, metadata] = fields
  return {
    id,
    type,
    schemaVersion,
    codec,
    data,
    metadata,
    streamId: entry.stream,
    version: entry.version + index,
    partition,
    sequence,
    timestampMs: typeof entry.time === 'number' ? entry.time : (entry.time[index] ?? 0),
  }
}

/** About what events take in a document, with what stands around them. */
export function sizeOf(events: readonly EncodedEvent[]): number {
  let size = 100
  for (const { data, metadata } of events) size += 100 + data.length + metadata.length
  return size
}

/** The same entry with the ids alone of events before `before`; `undefined` where nothing is to be removed. */
export function withoutEvents<Entry extends Pick<FeedEntry, 'version' | 'events'>>(
  entry: Entry,
  before: number,
): Entry | undefined {
  let changed = false
  const events = entry.events.map((fields, index): EventFields => {
    if (entry.version + index >= before || fields.length === 1) return fields
    changed = true
    return [fields[0]]
  })
  return changed ? { ...entry, events } : undefined
}
