import type { EncodedEvent, EventOrigin } from '@eventspine/core'
import type { KafkaRecord } from './client.ts'
import type { SizedRecord } from './round-layout.ts'
import {
  CONTENT_TYPE,
  DATA_CODEC,
  EVENT_ID,
  EVENT_SOURCE,
  EVENT_TIME,
  EVENT_TYPE,
  METADATA,
  ORIGIN_POSITION,
  SCHEMA_VERSION,
  SPEC_VERSION,
  STREAM_POSITION,
} from './wire-headers.ts'

/** What a record is made of, besides the event. */
export interface RecordContext {
  readonly streamId: string
  readonly partition: number
  /** `ce_source`: a URI reference. */
  readonly source: string
  /** When it was published, or recorded where a relay took it from. */
  readonly timestampMs: number
  /** Now: what Kafka's retention goes by. */
  readonly appendedAtMs: number
  readonly origin?: EventOrigin | undefined
}

/** {@link encodeRecord}, and how much room the record takes. */
export function sizedRecord(event: EncodedEvent, context: RecordContext): SizedRecord {
  const record = encodeRecord(event, context)
  return { record, bytes: recordBytes(record) }
}

/** A record in CloudEvents' binary mode: the value is the data alone, so any reader sees plain JSON or bytes. */
export function encodeRecord(event: EncodedEvent, context: RecordContext): KafkaRecord {
  const { streamId, partition, source, timestampMs, appendedAtMs, origin } = context
  const bytes = event.codec === 1
  const headers: { [name: string]: string } = {
    [SPEC_VERSION]: '1.0',
    [EVENT_ID]: event.id,
    [EVENT_TYPE]: event.type,
    [EVENT_SOURCE]: source,
    [EVENT_TIME]: isoTime(timestampMs),
    [CONTENT_TYPE]: contentTypeOf(event),
    [SCHEMA_VERSION]: String(event.schemaVersion),
  }
  if (event.metadata !== '{}') headers[METADATA] = event.metadata
  if (event.codec !== 0) headers[DATA_CODEC] = String(event.codec)
  if (origin !== undefined) {
    headers[ORIGIN_POSITION] = origin.position
    if (origin.streamPosition !== undefined) headers[STREAM_POSITION] = String(origin.streamPosition)
  }
  return {
    key: streamId,
    // Bytes come as a JSON string of base64.
    value: bytes ? Buffer.from(event.data.slice(1, -1), 'base64') : event.data,
    partition,
    headers,
    timestamp: String(appendedAtMs),
  }
}

// Lengths are varints of at most 5 bytes, a timestamp's difference one of 10: see
// https://kafka.apache.org/documentation/#record
const RECORD_OVERHEAD_BYTES = 31
const HEADER_OVERHEAD_BYTES = 10

/** What a batch adds to its records. https://kafka.apache.org/documentation/#recordbatch */
export const BATCH_OVERHEAD_BYTES = 61

/** At least as many bytes as the record takes in a batch. */
function recordBytes({ key, value, headers }: KafkaRecord): number {
  let bytes = RECORD_OVERHEAD_BYTES + Buffer.byteLength(key)
  bytes += typeof value === 'string' ? Buffer.byteLength(value) : value.length
  for (const name in headers)
    bytes += name.length + Buffer.byteLength(headers[name] ?? '') + HEADER_OVERHEAD_BYTES
  return bytes
}

let lastMs = NaN
let lastIso = ''

/** Events of one batch share their time; formatting it costs more than the rest of a header. */
function isoTime(ms: number): string {
  if (ms !== lastMs) {
    lastIso = new Date(ms).toISOString()
    lastMs = ms
  }
  return lastIso
}

function contentTypeOf({ codec, metadata }: EncodedEvent): string {
  if (codec === 0) return 'application/json'
  // What other consumers of the topic find is no data of the event's type.
  if (codec === 2) return 'application/vnd.eventspine.reference+json'
  const { $contentType } = JSON.parse(metadata) as { readonly $contentType?: unknown }
  return typeof $contentType === 'string' ? $contentType : 'application/octet-stream'
}
