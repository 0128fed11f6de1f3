import { hash } from 'node:crypto'
import { EventStoreError } from '@eventspine/core'

/*
 * The document that keeps a segment of an event's data, or a part of one. Its head says whose it is, so that a
 * collector can tell what a crash has left; the data stands last, as it was, so that a reader takes it out without
 * parsing what is around it. `docs/wire.md` has the format.
 */

/** The collection of all payloads of a document store. */
export const PAYLOADS = '$payloads'

const FORMAT = 1
/** Characters of base64url that carry 128 bits. */
const DIGEST_CHARACTERS = 22
/** As long as every digest. */
export const ANY_DIGEST = '-'.repeat(DIGEST_CHARACTERS)
const MARK = ',"data":'
const START = `{"format":${FORMAT},`

/** A UUID, a segment's name, a digest, a part's number of at most five digits. */
export const longestKeyBytes = 36 + 1 + 31 + 1 + DIGEST_CHARACTERS + 1 + 5

/** Where an event's payload belongs, known before it is written. */
export interface PayloadPlace {
  /** Incarnation of the target. */
  readonly store: string
  readonly streamId: string
  readonly eventId: string
  /** The version that the event will have; `undefined` where nothing fences it. */
  readonly version: number | undefined
  /** Of the target's native stream. */
  readonly log: boolean
}

/** What a payload document says of itself. */
export interface PayloadHead {
  readonly format: number
  readonly store: string
  readonly stream: string
  readonly event: string
  readonly segment: string
  readonly digest: string
  /** Present where an expected version fenced the append: the version that the event has if it was written. */
  readonly version?: number
  /** Milliseconds since the epoch, of the writer's clock: present where nothing fenced the append. */
  readonly writtenAt?: number
  /** Present in documents of a native stream. */
  readonly log?: true
}

/**
 * Names the bytes of one attempt to write one event at one place. A repeat of the same attempt finds its own bytes;
 * another attempt under the same id (with other data, in another place, another stream, another store, cut in other
 * parts) has bytes of its own, so that neither is ever taken for the other's, and removing what one left behind takes
 * nothing from the other.
 */
export function digestOf(place: PayloadPlace, partBytes: number, text: string): string {
  const where = JSON.stringify([place.store, place.log, place.streamId, place.version ?? null, partBytes])
  return hash('sha256', `${where}\n${text}`, 'base64url').slice(0, DIGEST_CHARACTERS)
}

/** The key of a payload; with `part`, of one of several. */
export function payloadKey(eventId: string, segment: string, digest: string, part?: number): string {
  const key = `${eventId}/${segment}/${digest}`
  return part === undefined ? key : `${key}/${part}`
}

/** The head of a document, as the text that its value starts with. */
export function headText(place: PayloadPlace, segment: string, digest: string, nowMs: number): string {
  const { store, streamId, eventId, version, log } = place
  const head: PayloadHead = {
    format: FORMAT,
    store,
    stream: streamId,
    event: eventId,
    segment,
    digest,
    ...(version === undefined ? { writtenAt: nowMs } : { version }),
    ...(log ? { log: true as const } : {}),
  }
  return JSON.stringify(head).slice(0, -1)
}

/** The document's value: `data` is JSON text. */
export function documentValue(head: string, data: string): string {
  return `${head}${MARK}${data}}`
}

/** UTF-8 bytes of a document's value without its data. */
export function overheadBytes(head: string): number {
  return Buffer.byteLength(head) + MARK.length + 1
}

/** The JSON text of a document's data. */
export function dataOfDocument(value: string): string {
  // Quotes within strings are escaped, and nothing in the head is nested: this can only be the member itself.
  const mark = value.indexOf(MARK)
  if (mark >= 0 && value.startsWith(START)) return value.slice(mark + MARK.length, -1)
  // A backend may have written the same document in other words.
  const document = parsed(value)
  checkFormat(document)
  return JSON.stringify(document['data'])
}

/** What a payload document says of itself; `undefined`: it is none of ours, or of a later version. */
export function headOfDocument(value: string): PayloadHead | undefined {
  const head = parseHead(value)
  return head['format'] === FORMAT ? (head as unknown as PayloadHead) : undefined
}

function parseHead(value: string): Readonly<Record<string, unknown>> {
  const mark = value.indexOf(MARK)
  return parsed(mark < 0 ? value : `${value.slice(0, mark)}}`)
}

function parsed(value: string): Readonly<Record<string, unknown>> {
  const document: unknown = JSON.parse(value)
  // Documents of this collection are objects; what is not has no format either.
  return typeof document === 'object' && document !== null ? (document as Record<string, unknown>) : {}
}

function checkFormat({ format }: Readonly<Record<string, unknown>>): void {
  if (format !== FORMAT)
    throw new EventStoreError('STORE_INCOMPATIBLE', `a payload has the unknown format ${String(format)}`)
}
