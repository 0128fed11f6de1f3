import { type DocumentAddress, EventStoreError, type StoredEvent } from '@eventspine/core'
import { grouped } from './grouped.ts'
import { inParallel } from './in-parallel.ts'
import type { ResolvedOptions, Segment } from './options.ts'
import { dataOfDocument, payloadKey, PAYLOADS } from './payload-document.ts'
import type { PayloadCache } from './payload-cache.ts'
import { joinedText, type Reference, type SegmentReference } from './reference.ts'
import type { AdapterFor } from './write-payloads.ts'

/** Documents asked for in one call: a page's default, and far below what any wrapper allows. */
const MAX_GET_DOCUMENTS = 1000

/** An event of a page, with the reference that it holds. */
export interface Referring {
  readonly event: StoredEvent
  readonly reference: Reference
}

/** The joined data of one event, or why it cannot be had. */
export type Loaded = { readonly codec: 0 | 1; readonly text: string } | { readonly error: EventStoreError }

/** The documents of one segment of one event, in order. */
export interface SegmentDocuments {
  readonly segment: Segment
  readonly bytes: number
  /** What the text is cached under. */
  readonly key: string
  readonly split: boolean
  readonly addresses: readonly DocumentAddress[]
}

/** Reads payloads, those of a page in one call a store. */
export class PayloadLoader {
  readonly #options: ResolvedOptions
  readonly #cache: PayloadCache
  readonly #adapterFor: AdapterFor
  readonly #segments: ReadonlyMap<string, Segment>

  constructor(options: ResolvedOptions, cache: PayloadCache, adapterFor: AdapterFor) {
    this.#options = options
    this.#cache = cache
    this.#adapterFor = adapterFor
    this.#segments = new Map([options.data, ...options.named].map((segment) => [segment.name, segment]))
  }

  /** In the order of `page`. What fails while reading fails the page, whose reader tries again. */
  async load(page: readonly Referring[]): Promise<readonly Loaded[]> {
    const wanted = page.map(({ event, reference }) => this.documentsOf(event, reference))
    const texts = await this.#texts(wanted.flatMap((segments) => ('error' in segments ? [] : segments)))
    return page.map(({ event, reference }, index): Loaded => {
      const segments = wanted[index]
      if (segments === undefined) throw new TypeError('a page has an entry for each of its events')
      if ('error' in segments) return segments
      const parts: string[] = []
      for (const { key, addresses } of segments) {
        const text = texts.get(key)
        if (text === undefined) return { error: missing(event, key, addresses.length) }
        parts.push(text)
      }
      return { codec: reference.codec, text: joinedText(reference, parts) }
    })
  }

  /** Where an event's payloads are; an error where one is of a segment that this reader does not know. */
  documentsOf(
    event: StoredEvent,
    { segments }: Reference,
  ): readonly SegmentDocuments[] | { readonly error: EventStoreError } {
    const documents: SegmentDocuments[] = []
    for (const [name, reference] of Object.entries(segments)) {
      const segment = this.#segments.get(name)
      if (segment === undefined) return { error: unknownSegment(event, name) }
      documents.push(segmentDocuments(event.id, segment, reference))
    }
    return documents
  }

  async #texts(wanted: readonly SegmentDocuments[]): Promise<ReadonlyMap<string, string>> {
    const texts = new Map<string, string>()
    const unread: SegmentDocuments[] = []
    for (const documents of wanted) {
      const cached = this.#cache.get(documents.key)
      if (cached === undefined) unread.push(documents)
      else texts.set(documents.key, cached)
    }
    if (unread.length === 0) return texts
    const values = await this.#read(unread)
    for (const documents of unread) {
      const text = textOf(documents, values)
      if (text === undefined) continue
      texts.set(documents.key, text)
      this.#cache.add(documents.key, text, documents.bytes)
    }
    return texts
  }

  /** The values of documents, by key. */
  async #read(wanted: readonly SegmentDocuments[]): Promise<ReadonlyMap<string, string>> {
    const values = new Map<string, string>()
    const stores = Array.from(
      grouped(wanted, ({ segment }) => segment.documents),
      async ([documents, ofStore]) => {
        documents.checkOpen()
        const addresses = ofStore.flatMap((each) => each.addresses)
        const calls: DocumentAddress[][] = []
        for (let start = 0; start < addresses.length; start += MAX_GET_DOCUMENTS)
          calls.push(addresses.slice(start, start + MAX_GET_DOCUMENTS))
        await inParallel(calls, this.#options.callsInFlight, async (call) => {
          const stored = await this.#adapterFor(documents).doGet(call)
          stored.forEach((document, index) => {
            const key = call[index]?.key
            if (document !== undefined && key !== undefined) values.set(key, document.value)
          })
        })
      },
    )
    await Promise.all(stores)
    return values
  }
}

function segmentDocuments(eventId: string, segment: Segment, reference: SegmentReference): SegmentDocuments {
  const { digest, bytes, parts, partition = 0 } = reference
  const address = (part?: number): DocumentAddress => ({
    collection: PAYLOADS,
    partition,
    key: payloadKey(eventId, segment.name, digest, part),
  })
  const addresses =
    parts === undefined ? [address()] : Array.from({ length: parts }, (_, part) => address(part))
  return {
    segment,
    bytes,
    key: payloadKey(eventId, segment.name, digest),
    split: parts !== undefined,
    addresses,
  }
}

function textOf(
  { addresses, split }: SegmentDocuments,
  values: ReadonlyMap<string, string>,
): string | undefined {
  const parts: string[] = []
  for (const { key } of addresses) {
    const value = values.get(key)
    if (value === undefined) return undefined
    parts.push(dataOfDocument(value))
  }
  // Parts are JSON strings, whose contents together are the text.
  return split ? parts.map((part) => JSON.parse(part) as string).join('') : parts[0]
}

function missing(event: StoredEvent, key: string, documents: number): EventStoreError {
  const where = documents === 1 ? 'document' : `one of ${documents} documents below`
  return new EventStoreError(
    'PAYLOAD_MISSING',
    `the data of event ${event.id} of stream ${JSON.stringify(event.streamId)} is missing: ${where} ${JSON.stringify(key)}`,
  )
}

function unknownSegment(event: StoredEvent, name: string): EventStoreError {
  return new EventStoreError(
    'PAYLOAD_MISSING',
    `the data of event ${event.id} of stream ${JSON.stringify(event.streamId)} has the segment ${JSON.stringify(name)}, ` +
      'and this reader was given no store for it',
  )
}
