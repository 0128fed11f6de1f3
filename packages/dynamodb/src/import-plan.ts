import type { TransactWriteItem } from '@aws-sdk/client-dynamodb'
import type { ImportedEvent, StreamOutcome } from '@eventspine/core'
import { placeFree } from './append-plan.ts'
import { commitItems, commitLine, encodePlaces, type EventPlace, eventLines } from './commit-item.ts'
import type { Item } from './item.ts'
import { FIRST_NUMBER, type Keys, STREAM_NOTE } from './keys.ts'
import { entryLine, type SlotEntry, slotItem } from './slot-item.ts'
import type { Head } from './stream-heads.ts'

/** Of one transaction: with their notes and the parts of large texts within 100 actions. */
const MOST_STREAMS = 30
/** Of one transaction: in one item, the ids and places of removed events must leave room for the rest. */
const MOST_EVENTS = 1000
const MOST_BYTES = 2 * 1024 * 1024

export interface ImportPlan {
  readonly events: readonly ImportedEvent[]
  readonly actions: TransactWriteItem[]
  /** Of the last event. */
  readonly outcome: StreamOutcome
  readonly heads: ReadonlyMap<string, Head>
}

interface PlanRequest {
  readonly table: string
  readonly keys: Keys
  readonly partition: number
  readonly tail: number
  readonly token: string
  readonly heads: ReadonlyMap<string, Head>
}

/** The transaction that writes the first of `missing`, as many as go into it. */
export function planImport(request: PlanRequest, missing: readonly ImportedEvent[]): ImportPlan {
  const { table, keys, partition, tail, token } = request
  const events = firstOf(missing)
  const streams = new Map<string, ImportedEvent[]>()
  const places = new Map<string, EventPlace[]>()
  const entries: SlotEntry[] = []
  let sequence = tail
  for (const event of events) {
    const { streamId, timestampMs } = event
    sequence++
    const before = streams.get(streamId) ?? []
    streams.set(streamId, [...before, event])
    places.set(streamId, [...(places.get(streamId) ?? []), { sequence, timestampMs }])
    const entry = entries.at(-1)
    if (entry?.streamId === streamId) entries[entries.length - 1] = { ...entry, count: entry.count + 1 }
    else entries.push({ streamId, item: before[0]?.version ?? event.version, skip: before.length, count: 1 })
  }
  const last = events.at(-1)
  const slot = slotItem(keys.feed(partition), tail + 1, {
    lines: entries.map(entryLine),
    count: events.length,
    lastId: last?.id ?? '',
    token,
  })
  const actions: TransactWriteItem[] = [{ Put: { TableName: table, Item: slot, ...placeFree() } }]
  const ends = new Map<string, Head>()
  for (const [streamId, of] of streams) {
    actions.push(...streamActions(request, streamId, of, places.get(streamId) ?? []))
    ends.set(streamId, { version: of.at(-1)?.version ?? 0, deleted: false })
  }
  return { events, actions, outcome: { version: last?.version ?? 0, sequence }, heads: ends }
}

function firstOf(missing: readonly ImportedEvent[]): readonly ImportedEvent[] {
  const streams = new Set<string>()
  let bytes = 0
  let count = 0
  for (const { streamId, type, data, metadata } of missing) {
    streams.add(streamId)
    // A stream is named in its item, and wherever the order changes to it.
    bytes += 400 + Buffer.byteLength(streamId) + Buffer.byteLength(type + data + metadata)
    if (count > 0 && (streams.size > MOST_STREAMS || count >= MOST_EVENTS || bytes > MOST_BYTES)) break
    count++
  }
  return missing.slice(0, count)
}

function streamActions(
  { table, keys, heads }: PlanRequest,
  streamId: string,
  events: readonly ImportedEvent[],
  places: readonly EventPlace[],
): readonly TransactWriteItem[] {
  const head = heads.get(streamId) ?? { version: 0, deleted: false }
  const first = events[0]?.version ?? 1
  const text =
    commitLine(places[0]?.sequence ?? 0, places[0]?.timestampMs ?? 0, events.length) + eventLines(events)
  const items = commitItems(keys, streamId, first, text)
  if (places.length > 1) for (const item of items.slice(0, 1)) item['places'] = { S: encodePlaces(places) }
  const actions = items.map((Item, index): TransactWriteItem => {
    return { Put: { TableName: table, Item, ...(index === 0 ? placeFree(head) : {}) } }
  })
  if (head.version > 0 || first === 1) return actions
  // Its first events are nowhere: what is at the place of the first one lets nobody begin the stream there.
  const pk = { S: keys.stream(streamId) }
  const absent: Item = { pk, sk: { S: FIRST_NUMBER }, absent: { N: String(first - 1) } }
  const note: Item = { pk, sk: { S: STREAM_NOTE }, first: { N: String(first) } }
  actions.push(
    { Put: { TableName: table, Item: absent, ...placeFree() } },
    { Put: { TableName: table, Item: note } },
  )
  return actions
}
