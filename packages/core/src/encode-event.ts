import type { Codec, EncodedEvent } from './adapter.ts'
import { EventStoreError, invalidArgument, notSupported } from './error.ts'
import type { EventMetadata, NewEvent } from './event.ts'
import { encodeJson } from './json.ts'
import { checkName } from './stream-id.ts'
import { isUuid, uuidv7 } from './uuid.ts'

const MAX_TYPE_BYTES = 255
const MAX_SCHEMA_VERSION = 32_767
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/

/** Keys under which metadata carries the rare parts of the envelope; `docs/wire.md` specifies them. */
export const OCCURRED_AT = '$occurredAt'
export const TAGS = '$tags'
export const CONTENT_TYPE = '$contentType'

/**
 * Checks a user's event and encodes it for the adapter.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` with the path below `field`.
 */
export function encodeEvent(event: NewEvent, field: string): EncodedEvent {
  if (typeof event !== 'object' || event === null) throw invalidArgument(field, 'must be an object')
  const { type, id, schemaVersion = 1 } = event
  checkName(type, `${field}.type`, MAX_TYPE_BYTES)
  if (!Number.isInteger(schemaVersion) || schemaVersion < 1 || schemaVersion > MAX_SCHEMA_VERSION) {
    throw invalidArgument(`${field}.schemaVersion`, `must be an integer from 1 to ${MAX_SCHEMA_VERSION}`)
  }
  const bytes = event.data instanceof Uint8Array
  return {
    id: id === undefined ? uuidv7() : checkId(id, `${field}.id`),
    type,
    schemaVersion,
    codec: bytes ? 1 : 0,
    data: bytes ? encodeBytes(event.data) : encodeJson(event.data, `${field}.data`),
    metadata: encodeMetadata(event, bytes, field),
  }
}

function encodeBytes(data: Uint8Array): string {
  return `"${Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64')}"`
}

/**
 * Decodes `data` as {@link encodeEvent} wrote it.
 *
 * @throws {@link EventStoreError} `NOT_SUPPORTED`: it is kept apart, and this reader does not load it.
 *   `STORE_INCOMPATIBLE`: a later version wrote it.
 */
export function decodeData(data: string, codec: Codec): unknown {
  if (codec === 0) return JSON.parse(data) as unknown
  if (codec === 1) return new Uint8Array(Buffer.from(data.slice(1, -1), 'base64'))
  if (codec === 2)
    throw notSupported("the event's data is kept apart and was not loaded: read through withPayloads")
  throw new EventStoreError('STORE_INCOMPATIBLE', `a stored body has the unknown codec ${String(codec)}`)
}

function checkId(id: unknown, field: string): string {
  if (typeof id !== 'string') throw invalidArgument(field, `must be a UUID string, got ${typeof id}`)
  const lower = id.toLowerCase()
  if (!isUuid(lower)) throw invalidArgument(field, 'must be a UUID')
  return lower
}

function encodeMetadata(event: NewEvent, bytes: boolean, field: string): string {
  const { metadata, occurredAt, tags, contentType } = event
  if (
    metadata === undefined &&
    occurredAt === undefined &&
    tags === undefined &&
    !bytes &&
    contentType === undefined
  ) {
    return '{}'
  }
  const extras: Record<string, unknown> = {}
  if (occurredAt !== undefined) extras[OCCURRED_AT] = isoTime(occurredAt, `${field}.occurredAt`)
  if (tags !== undefined && tags.length > 0) extras[TAGS] = checkTags(tags, `${field}.tags`)
  if (bytes) {
    const type = contentType ?? 'application/octet-stream'
    checkName(type, `${field}.contentType`, 255)
    extras[CONTENT_TYPE] = type
  } else if (contentType !== undefined) {
    throw invalidArgument(`${field}.contentType`, 'is only for data that is bytes (a Uint8Array)')
  }
  const own = metadata === undefined ? '{}' : encodeUserMetadata(metadata, `${field}.metadata`)
  return Object.keys(extras).length === 0 ? own : JSON.stringify({ ...metadata, ...extras })
}

function encodeUserMetadata(metadata: EventMetadata, field: string): string {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw invalidArgument(field, 'must be an object')
  }
  for (const key of Object.keys(metadata)) {
    if (key.startsWith('$')) throw invalidArgument(`${field}.${key}`, 'keys that start with "$" are reserved')
  }
  for (const key of ['correlationId', 'causationId'] as const) {
    const value = metadata[key]
    if (value !== undefined && typeof value !== 'string')
      throw invalidArgument(`${field}.${key}`, 'must be a string')
  }
  return encodeJson(metadata, field)
}

function isoTime(value: unknown, field: string): string {
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw invalidArgument(field, 'is an invalid Date')
    return value.toISOString()
  }
  if (typeof value !== 'string' || !ISO_TIME.test(value) || Number.isNaN(Date.parse(value))) {
    throw invalidArgument(field, 'must be a Date or an ISO 8601 time with its offset')
  }
  return value
}

function checkTags(tags: unknown, field: string): readonly string[] {
  if (!Array.isArray(tags)) throw invalidArgument(field, 'must be an array of strings')
  tags.forEach((tag: unknown, index) => checkName(tag, `${field}[${index}]`, 255))
  return tags as readonly string[]
}
