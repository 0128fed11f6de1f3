import { randomUUID } from 'node:crypto'
import {
  type DocumentAddress,
  type DocumentBatchOutcome,
  type DocumentPage,
  type DocumentPageRequest,
  type DocumentStoreAdapter,
  type EncodedDocumentWrite,
  notSupported,
  RevisionConflictError,
  type StoredDocument,
} from '@eventspine/core'
import type { Connection, Found } from './connection.ts'
import { Directory } from './directory.ts'
import { checkName, documentName, type Keys } from './keys.ts'

/** A document as it stands under its key. */
interface StoredContent {
  /** {@link documentName}. */
  readonly name: string
  /** Random: the server's own mark of a state is not promised to be new after a removal. */
  readonly revision: string
  /** JSON text. */
  readonly value: string
  /** Milliseconds since the epoch. */
  readonly expires?: number
}

/** Instead of a revision: the document is not as expected. */
const CONFLICT = Symbol('conflict')

/** The server removes what has expired so much later: clocks differ, and it counts in seconds. */
const EXPIRY_SLACK_MS = 60_000
/** The last moment that the server can be told. https://docs.couchbase.com/server/current/learn/data/expiration.html */
const MAX_EXPIRY_MS = (2 ** 32 - 1) * 1000

/** The documents under one prefix, each a document of the server. */
export class CouchbaseDocumentStore implements DocumentStoreAdapter {
  readonly #connection: Connection
  readonly #keys: Keys
  readonly #directory: Directory

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection
    this.#keys = keys
    this.#directory = new Directory(connection, keys)
  }

  doGet(addresses: readonly DocumentAddress[]): Promise<readonly (StoredDocument | undefined)[]> {
    return Promise.all(
      addresses.map(async (address) => {
        const found = await this.#find(address)
        return found === undefined ? undefined : storedDocument(found.content)
      }),
    )
  }

  async doWrite(writes: readonly EncodedDocumentWrite[]): Promise<DocumentBatchOutcome> {
    const [write, second] = writes
    if (write === undefined) return { ok: true, revisions: [] }
    if (second !== undefined) throw notSupported('couchbase: a batch of documents is not supported')
    if (write.listed && write.value !== undefined) await this.#directory.add(write)
    const revision = await (write.value === undefined ? this.#delete(write) : this.#put(write, write.value))
    if (revision !== CONFLICT) return { ok: true, revisions: [revision] }
    return { ok: false, error: new RevisionConflictError(write.collection, write.key) }
  }

  async doList({ collection, partition, prefix, after, limit }: DocumentPageRequest): Promise<DocumentPage> {
    const { entries, next } = await this.#directory.page({ collection, partition, prefix, after, limit })
    const found = await this.doGet(entries.map(({ key }) => ({ collection, partition, key })))
    const documents = entries.flatMap(({ key }, index) => {
      const document = found[index]
      return document === undefined ? [] : [{ key, ...document }]
    })
    await this.#directory.forget(
      collection,
      partition,
      entries.filter((_, index) => found[index] === undefined),
    )
    return { documents, next }
  }

  async #put(write: EncodedDocumentWrite, value: string): Promise<string | typeof CONFLICT> {
    const { collection, key, expectedRevision, expiresInMs } = write
    const name = documentName(collection, key)
    const revision = randomUUID()
    const expires = expiresInMs === undefined ? undefined : Date.now() + expiresInMs
    const content: StoredContent = { name, revision, value, ...(expires === undefined ? {} : { expires }) }
    const expiry = expires === undefined ? undefined : serverExpiry(expires)
    const at = this.#key(write)
    if (expectedRevision === 'any') {
      await this.#connection.upsert(at, content, { expiry })
      return revision
    }
    if (expectedRevision === 'none' && (await this.#connection.insert(at, content, { expiry })))
      return revision
    const stored = await this.#connection.get<StoredContent>(at)
    if (stored === undefined) return CONFLICT
    checkName(stored.content.name, name)
    const fits =
      expectedRevision === 'none'
        ? isExpired(stored.content)
        : !isExpired(stored.content) && stored.content.revision === expectedRevision.revision
    if (!fits) return CONFLICT
    const written = await this.#connection.replace(at, content, { cas: stored.cas, expiry })
    return written ? revision : CONFLICT
  }

  async #delete(write: EncodedDocumentWrite): Promise<undefined | typeof CONFLICT> {
    const { expectedRevision } = write
    const at = this.#key(write)
    if (expectedRevision === 'any') {
      await this.#connection.remove(at)
      return undefined
    }
    const found = await this.#find(write)
    if (expectedRevision === 'none') return found === undefined ? undefined : CONFLICT
    if (found?.content.revision !== expectedRevision.revision) return CONFLICT
    return (await this.#connection.remove(at, { cas: found.cas })) ? undefined : CONFLICT
  }

  async #find(address: DocumentAddress): Promise<Found<StoredContent> | undefined> {
    const found = await this.#connection.get<StoredContent>(this.#key(address))
    if (found === undefined) return undefined
    checkName(found.content.name, documentName(address.collection, address.key))
    return isExpired(found.content) ? undefined : found
  }

  #key({ collection, partition, key }: DocumentAddress): string {
    return this.#keys.document(collection, partition, key)
  }
}

function isExpired({ expires }: StoredContent): boolean {
  return expires !== undefined && expires <= Date.now()
}

function serverExpiry(expires: number): Date | undefined {
  const at = expires + EXPIRY_SLACK_MS
  return at >= MAX_EXPIRY_MS ? undefined : new Date(at)
}

function storedDocument({ value, revision, expires }: StoredContent): StoredDocument {
  return { value, revision, expiresAtMs: expires }
}
