import { type EncodedEvent, partitionOf } from '@eventspine/core'
import type { ResolvedOptions, Segment } from './options.ts'
import {
  ANY_DIGEST,
  digestOf,
  documentValue,
  headText,
  overheadBytes,
  payloadKey,
  type PayloadPlace,
} from './payload-document.ts'
import { referenceText, type SegmentReference } from './reference.ts'
import { splitText } from './split-text.ts'

/** A document to be there before the reference to it. */
export interface PayloadWrite {
  readonly segment: Segment
  readonly partition: number
  readonly key: string
  readonly value: string
  /** The expected version fences the append, so that the document stays what it is whoever repeats it. */
  readonly fenced: boolean
}

/** An event whose data is kept apart, with what has to be written for it. */
export interface CheckedOut {
  readonly event: EncodedEvent
  readonly writes: readonly PayloadWrite[]
}

interface SegmentText {
  readonly segment: Segment
  readonly text: string
}

/** An event's data, by where it goes. */
interface Divided {
  readonly apart: readonly SegmentText[]
  readonly inline: string | undefined
}

/**
 * Replaces an event's data by a reference; `undefined` when all of it stays inline.
 *
 * @param whole - what no named segment takes goes too, however small it is.
 */
export function checkOut(
  event: EncodedEvent,
  place: PayloadPlace,
  options: ResolvedOptions,
  whole: boolean,
): CheckedOut | undefined {
  const { codec } = event
  // A reference that somebody else has made moves on as it is.
  if (codec === 2) return undefined
  const { apart, inline } = divide(event, place.streamId, options, whole)
  if (apart.length === 0) return undefined
  const segments: Record<string, SegmentReference> = {}
  const writes: PayloadWrite[] = []
  for (const { segment, text } of apart) segments[segment.name] = keepApart(segment, text, place, writes)
  const { id, type, schemaVersion, metadata } = event
  const data = referenceText(codec, segments, inline)
  return { event: { id, type, schemaVersion, codec: 2, data, metadata }, writes }
}

/** Whether data has more UTF-8 bytes than that. */
export function isLarger(text: string, bytes: number): boolean {
  // A UTF-16 unit is 1 to 3 bytes: most texts need no counting.
  if (text.length > bytes) return true
  return text.length * 3 > bytes && Buffer.byteLength(text) > bytes
}

function divide(event: EncodedEvent, streamId: string, options: ResolvedOptions, whole: boolean): Divided {
  const { data, named, thresholdBytes } = options
  const goes = (text: string): boolean => whole || isLarger(text, thresholdBytes)
  const apart: SegmentText[] = []
  const rest = event.codec === 0 && named.length > 0 ? takeFields(event, streamId, named, apart) : undefined
  if (rest === undefined)
    return goes(event.data)
      ? { apart: [{ segment: data, text: event.data }], inline: undefined }
      : { apart, inline: undefined }
  if (rest === '{}') return { apart, inline: undefined }
  return goes(rest)
    ? { apart: [...apart, { segment: data, text: rest }], inline: undefined }
    : { apart, inline: rest }
}

/** Moves fields to their segments. Returns what is left; `undefined` when no segment takes anything. */
function takeFields(
  event: EncodedEvent,
  streamId: string,
  named: readonly Segment[],
  apart: SegmentText[],
): string | undefined {
  let rest: Record<string, unknown> | undefined
  for (const segment of named) {
    // A field that is there is in the text too; most data needs no parsing to see that none is.
    const fields = segment
      .fieldsOf({ type: event.type, streamId })
      .filter((field) => event.data.includes(`${JSON.stringify(field)}:`))
    if (fields.length === 0) continue
    rest ??= parsedObject(event.data)
    if (rest === undefined) return undefined
    const taken: Record<string, unknown> = {}
    for (const field of fields) {
      if (!Object.hasOwn(rest, field)) continue
      taken[field] = rest[field]
      delete rest[field]
    }
    const text = JSON.stringify(taken)
    if (text !== '{}') apart.push({ segment, text })
  }
  return apart.length === 0 ? undefined : JSON.stringify(rest)
}

function parsedObject(text: string): Record<string, unknown> | undefined {
  const value: unknown = JSON.parse(text)
  // Sound: an object of JSON that is no array has fields by name.
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

/** Adds the documents of one segment to `writes`. */
function keepApart(
  segment: Segment,
  text: string,
  place: PayloadPlace,
  writes: PayloadWrite[],
): SegmentReference {
  const { documents, name } = segment
  const nowMs = Date.now()
  const overhead = overheadBytes(headText(place, name, ANY_DIGEST, nowMs))
  const roomBytes = documents.capabilities.maxDocumentBytes - overhead
  const bytes = Buffer.byteLength(text)
  const split = bytes > roomBytes
  const digest = digestOf(place, split ? roomBytes : 0, text)
  const head = headText(place, name, digest, nowMs)
  const partition = partitionOf(place.streamId, documents.partitions)
  const fenced = place.version !== undefined
  const parts = split ? splitText(text, roomBytes) : [text]
  for (const [index, part] of parts.entries()) {
    const key = payloadKey(place.eventId, name, digest, split ? index : undefined)
    writes.push({ segment, partition, key, value: documentValue(head, part), fenced })
  }
  return {
    digest,
    bytes,
    ...(split ? { parts: parts.length } : {}),
    ...(partition === 0 ? {} : { partition }),
  }
}
