import type {
  DocumentAddress,
  DocumentBatchOutcome,
  DocumentPage,
  DocumentPageRequest,
  DocumentStoreAdapter,
  EncodedDocumentWrite,
  StoredDocument,
} from '@eventspine/core'
import type { Committer } from './committer.ts'
import type { Connection } from './connection.ts'
import type { PartitionKeys } from './keys.ts'
import { listScript } from './scripts/document-scripts.ts'

/** What one page of a listing holds at most, apart from its last document. */
const PAGE_BYTES = 4 * 1024 * 1024

/** The documents under one prefix: a hash each, which the server itself lets expire. */
export class RedisDocumentStore implements DocumentStoreAdapter {
  readonly #connection: Connection
  readonly #keys: readonly PartitionKeys[]
  readonly #committer: Committer

  constructor(options: {
    readonly connection: Connection
    readonly keys: readonly PartitionKeys[]
    readonly committer: Committer
  }) {
    this.#connection = options.connection
    this.#keys = options.keys
    this.#committer = options.committer
  }

  doGet(addresses: readonly DocumentAddress[]): Promise<readonly (StoredDocument | undefined)[]> {
    return Promise.all(
      addresses.map(async ({ collection, partition, key }) => {
        const name = this.#partition(partition).document(collection, key)
        const fields = await this.#connection.read('hmget', name, 'r', 'x', 'v')
        const [revision, expiresAt, value] = fields as readonly (string | null)[]
        if (typeof revision !== 'string' || typeof value !== 'string') return undefined
        return storedDocument(revision, expiresAt ?? '', value)
      }),
    )
  }

  async doWrite(writes: readonly EncodedDocumentWrite[]): Promise<DocumentBatchOutcome> {
    const [first] = writes
    if (first === undefined) return { ok: true, revisions: [] }
    const outcome = await this.#committer.commit({ appends: [], documents: writes }, first.partition)
    return outcome.ok ? { ok: true, revisions: outcome.revisions } : outcome
  }

  async doList({ collection, partition, prefix, after, limit }: DocumentPageRequest): Promise<DocumentPage> {
    const keys = this.#partition(partition)
    const answer = await this.#connection.readScript(
      listScript,
      // What begins the keys of documents goes as a key too, for clients that put a prefix of their own before keys.
      [keys.listing(collection), keys.document(collection, '')],
      [prefix, after ?? '', limit, PAGE_BYTES],
    )
    const [next = '', ...rest] = answer as readonly string[]
    const documents = Array.from({ length: rest.length / 4 }, (_, index) => {
      const [key = '', revision = '', expiresAt = '', value = ''] = rest.slice(index * 4, index * 4 + 4)
      return { key, ...storedDocument(revision, expiresAt, value) }
    })
    return { documents, next: next === '' ? undefined : next }
  }

  #partition(partition: number): PartitionKeys {
    const keys = this.#keys[partition]
    if (keys === undefined) throw new RangeError(`there is no partition ${partition}`)
    return keys
  }
}

function storedDocument(revision: string, expiresAt: string, value: string): StoredDocument {
  return { value, revision, expiresAtMs: expiresAt === '' ? undefined : Number(expiresAt) }
}
