import {
  type Capabilities,
  type DocumentStore,
  type DocumentStoreParts,
  documentPartsOf,
  EventStoreError,
  invalidArgument,
} from '@eventspine/core'
import { longestKeyBytes } from './payload-document.ts'

/** The segment of what no named segment takes. */
const DATA_SEGMENT = 'data'

const MIB = 1024 * 1024
const SEGMENT_NAME = /^[a-z][a-z0-9-]{0,30}$/

/** What is known of an event before its data is looked at. */
export interface EventShape {
  readonly type: string
  readonly streamId: string
}

export interface SegmentOptions {
  /** Where the segment is kept. Default: where all payloads are. */
  readonly documents?: DocumentStore | undefined
  /** The top-level fields of an event's data that go there, for all events or by event. */
  readonly select: readonly string[] | ((event: EventShape) => readonly string[])
}

export interface PayloadOptions {
  /** Where payloads are kept: the `documents` of a backend. It is not closed. */
  readonly documents: DocumentStore
  /** UTF-8 bytes of data above which it is kept apart. Default 4,096; 0: all data is. */
  readonly thresholdBytes?: number | undefined
  /** Parts of the data that are always kept apart, by name: `{ personal: { documents, select: ['name', 'email'] } }`. */
  readonly segments?: Readonly<Record<string, SegmentOptions>> | undefined
  /**
   * Whether an event's data is loaded when a feed is read, by consumers too; `data` of others refuses with
   * `NOT_SUPPORTED`. Reading a stream always loads. Default: all are.
   */
  readonly load?: ((event: EventShape) => boolean) | undefined
  /** UTF-8 bytes of payloads that are kept for the next reader. Default 16 MiB; 0: none. */
  readonly cacheBytes?: number | undefined
  /** UTF-8 bytes of payloads that one page holds, apart from its last event. Default 16 MiB. */
  readonly maxPageBytes?: number | undefined
  /** UTF-8 bytes of one commit, instead of the target's own limit where that is lower. Default 16 MiB. */
  readonly maxAppendBytes?: number | undefined
  /** Documents written by one call where the store takes several. Default: as many as it takes. */
  readonly maxBatchDocuments?: number | undefined
  /** Calls to one document store that are under way at once. Default 16. */
  readonly callsInFlight?: number | undefined
  /** Payloads may be kept where less is survived than what the target survives. Default `false`: that is refused. */
  readonly acceptWeakerDurability?: boolean | undefined
}

/** A segment, and the document store that keeps it. */
export interface Segment {
  readonly name: string
  readonly documents: DocumentStoreParts
  /** The fields that it takes of this event's data. */
  readonly fieldsOf: (event: EventShape) => readonly string[]
}

export interface ResolvedOptions {
  readonly data: Segment
  readonly named: readonly Segment[]
  readonly thresholdBytes: number
  readonly load: ((event: EventShape) => boolean) | undefined
  readonly cacheBytes: number
  readonly maxPageBytes: number
  readonly maxAppendBytes: number
  readonly maxBatchDocuments: number
  readonly callsInFlight: number
}

/** @throws an EventStoreError `INVALID_ARGUMENT` naming the option. */
export function resolveOptions(options: PayloadOptions, target: Capabilities): ResolvedOptions {
  if (typeof options !== 'object' || options === null) throw invalidArgument('options', 'must be an object')
  const terms = { target, acceptWeaker: options.acceptWeakerDurability ?? false }
  const documents = checkedDocuments(options.documents, 'documents', terms)
  const named = Object.entries(options.segments ?? {}).map(([name, segment]): Segment => {
    const field = `segments.${name}`
    if (!SEGMENT_NAME.test(name) || name === DATA_SEGMENT)
      throw invalidArgument(field, 'must be named by a-z, 0-9 and "-", at most 31 of them, and not "data"')
    return {
      name,
      documents:
        segment.documents === undefined
          ? documents
          : checkedDocuments(segment.documents, `${field}.documents`, terms),
      fieldsOf: fieldsOf(segment.select, `${field}.select`),
    }
  })
  return {
    data: { name: DATA_SEGMENT, documents, fieldsOf: () => [] },
    named,
    thresholdBytes: integer(options.thresholdBytes, 'thresholdBytes', 0, 4096),
    load: options.load,
    cacheBytes: integer(options.cacheBytes, 'cacheBytes', 0, 16 * MIB),
    maxPageBytes: integer(options.maxPageBytes, 'maxPageBytes', 1, 16 * MIB),
    maxAppendBytes: integer(options.maxAppendBytes, 'maxAppendBytes', 1024, 16 * MIB),
    maxBatchDocuments: integer(options.maxBatchDocuments, 'maxBatchDocuments', 1, Infinity),
    callsInFlight: integer(options.callsInFlight, 'callsInFlight', 1, 16),
  }
}

/** From what is lost with the process to what outlives machines; what the server's operator decides has no place here. */
const OUTLIVES = ['process', 'system', 'disk', 'majority'] as const

function checkedDocuments(
  documents: DocumentStore | undefined,
  field: string,
  { target, acceptWeaker }: { readonly target: Capabilities; readonly acceptWeaker: boolean },
): DocumentStoreParts {
  if (documents === undefined) throw invalidArgument(field, 'must be the documents of a backend')
  const parts = documentPartsOf(documents)
  const { capabilities, name } = parts
  if (!capabilities.documents)
    throw new EventStoreError('NOT_SUPPORTED', `${field}: ${name} keeps no documents`)
  if (capabilities.maxKeyBytes < longestKeyBytes)
    throw invalidArgument(
      field,
      `takes keys of ${capabilities.maxKeyBytes} bytes, payloads need ${longestKeyBytes}`,
    )
  const kept = OUTLIVES.findIndex((word) => word === capabilities.durability)
  const wanted = OUTLIVES.findIndex((word) => word === target.durability)
  // Law P1: a reference that outlives its payload is a loss.
  if (kept >= 0 && kept < wanted && !acceptWeaker) {
    throw invalidArgument(
      field,
      `${name} keeps payloads as durable as "${capabilities.durability}", the target events as "${target.durability}"; ` +
        'set acceptWeakerDurability if their loss is acceptable',
    )
  }
  return parts
}

function fieldsOf(select: SegmentOptions['select'], field: string): Segment['fieldsOf'] {
  if (typeof select === 'function') return select
  if (!Array.isArray(select) || !select.every((name) => typeof name === 'string'))
    throw invalidArgument(field, 'must be an array of names of fields, or a function')
  const names: readonly string[] = [...select]
  return () => names
}

function integer(value: number | undefined, field: string, minimum: number, byDefault: number): number {
  if (value === undefined) return byDefault
  if (!Number.isSafeInteger(value) || value < minimum)
    throw invalidArgument(field, `must be an integer of at least ${minimum}, got ${value}`)
  return value
}
