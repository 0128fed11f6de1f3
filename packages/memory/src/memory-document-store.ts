import { RevisionConflictError } from '@eventspine/core'
import type {
  DocumentAddress,
  DocumentBatchOutcome,
  DocumentPage,
  DocumentPageRequest,
  DocumentStoreAdapter,
  EncodedDocumentWrite,
  StoredDocument,
} from '@eventspine/core'
import type { MemoryDatabase } from './database.ts'

type Kept = DocumentAddress & StoredDocument

/** The documents over a database; with `overlay` set, within its open transaction. `undefined` there means deleted. */
export class MemoryDocumentStore implements DocumentStoreAdapter {
  readonly #database: MemoryDatabase
  readonly #overlay: Map<string, Kept | undefined> | undefined

  constructor(database: MemoryDatabase, overlay?: Map<string, Kept | undefined>) {
    this.#database = database
    this.#overlay = overlay
  }

  async doGet(addresses: readonly DocumentAddress[]): Promise<readonly (StoredDocument | undefined)[]> {
    return addresses.map((address) => this.#live(addressKey(address)))
  }

  async doWrite(writes: readonly EncodedDocumentWrite[]): Promise<DocumentBatchOutcome> {
    if (this.#overlay !== undefined) return this.write(writes)
    return this.#database.whenFree(Infinity, () => this.write(writes))
  }

  async doList({ collection, partition, prefix, after, limit }: DocumentPageRequest): Promise<DocumentPage> {
    const keys = new Set([...this.#database.documents.keys(), ...(this.#overlay?.keys() ?? [])])
    const found: Kept[] = []
    for (const key of keys) {
      const document = this.#live(key)
      if (
        document?.collection === collection &&
        document.partition === partition &&
        document.key.startsWith(prefix)
      ) {
        found.push(document)
      }
    }
    found.sort((a, b) => compareBytes(a.key, b.key))
    const rest = after === undefined ? found : found.filter(({ key }) => compareBytes(key, after) > 0)
    const documents = rest.slice(0, limit)
    return { documents, next: rest.length > limit ? documents.at(-1)?.key : undefined }
  }

  /** All or none, without an await: also the documents of a commit are written by this. */
  write(writes: readonly EncodedDocumentWrite[]): DocumentBatchOutcome {
    for (const { collection, partition, key, expectedRevision } of writes) {
      const current = this.#live(addressKey({ collection, partition, key }))?.revision
      const fits =
        expectedRevision === 'any' ||
        (expectedRevision === 'none' ? current === undefined : current === expectedRevision.revision)
      if (!fits) return { ok: false, error: new RevisionConflictError(collection, key) }
    }
    const revisions = writes.map(({ collection, partition, key, value, expiresInMs }) => {
      const address = addressKey({ collection, partition, key })
      if (value === undefined) {
        this.#set(address, undefined)
        return undefined
      }
      const revision = this.#database.nextRevision()
      const expiresAtMs = expiresInMs === undefined ? undefined : this.#database.clock() + expiresInMs
      this.#set(address, { collection, partition, key, value, revision, expiresAtMs })
      return revision
    })
    return { ok: true, revisions }
  }

  #set(address: string, document: Kept | undefined): void {
    if (this.#overlay !== undefined) this.#overlay.set(address, document)
    else if (document === undefined) this.#database.documents.delete(address)
    else this.#database.documents.set(address, document)
  }

  #live(address: string): Kept | undefined {
    const document =
      this.#overlay?.has(address) === true
        ? this.#overlay.get(address)
        : this.#database.documents.get(address)
    return document?.expiresAtMs !== undefined && document.expiresAtMs <= this.#database.clock()
      ? undefined
      : document
  }
}

function addressKey({ collection, partition, key }: DocumentAddress): string {
  // No name can hold a control character, so none can run into the next.
  return `${collection}\n${partition}\n${key}`
}

/** UTF-16 order differs from that of UTF-8 bytes once surrogates are involved. */
function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
