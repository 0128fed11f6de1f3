import type {
  BackendAdapter,
  DocumentPage,
  DocumentStoreAdapter,
  EncodedDocumentWrite,
  StoredDocument,
} from './adapter.ts'
import { asBackendError, checkInteger, checkLimit } from './arguments.ts'
import type { Capabilities } from './capabilities.ts'
import { checkScope } from './commit-request.ts'
import type {
  CollectionOptions,
  Document,
  DocumentCollection,
  DocumentOptions,
  DocumentStore,
  DocumentWrite,
  ListOptions,
  PutOptions,
} from './document-store.ts'
import { checkCollection, checkKey, encodeDocumentWrites, partitionOfKey } from './document-write.ts'
import { EventStoreError, invalidArgument, notSupported } from './error.ts'

const DEFAULT_PAGE_DOCUMENTS = 500
const MAX_PAGE_DOCUMENTS = 10_000

/** What a document store is made of, for decorators that read and write its documents as text. */
export interface DocumentStoreParts {
  readonly name: string
  readonly capabilities: Capabilities
  readonly partitions: number
  readonly adapter: DocumentStoreAdapter
  /** @throws {@link EventStoreError} `CLOSED`. */
  readonly checkOpen: () => void
}

/**
 * What a backend's document store was made of. Those who use it check what the wrapper would check.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT`: it is not the `documents` of a backend.
 */
export function documentPartsOf(documents: DocumentStore): DocumentStoreParts {
  if (!(documents instanceof WrappedDocumentStore))
    throw invalidArgument('documents', 'must be the documents of a backend')
  return documents.parts
}

/** Made by `createBackend`. */
export class WrappedDocumentStore implements DocumentStore {
  readonly capabilities: Capabilities
  readonly partitions: number
  readonly name: string
  readonly #adapter: DocumentStoreAdapter
  #closed = false

  constructor(
    backend: Pick<BackendAdapter, 'name' | 'capabilities' | 'manifest'>,
    adapter: DocumentStoreAdapter,
  ) {
    this.name = backend.name
    this.capabilities = backend.capabilities
    this.partitions = backend.manifest.partitions
    this.#adapter = adapter
  }

  collection<Value = unknown>(name: string, options: CollectionOptions = {}): DocumentCollection<Value> {
    checkCollection(name, 'name')
    const { listed = false } = options
    if (listed && this.capabilities.listing === 'none')
      throw notSupported(`${this.name} does not list documents`)
    return new WrappedCollection<Value>(this, this.#adapter, name, listed)
  }

  async batch(writes: readonly DocumentWrite[]): Promise<readonly (string | undefined)[]> {
    this.checkOpen()
    const encoded = encodeDocumentWrites(writes, this.partitions, this.capabilities, 'writes')
    if (encoded.length === 0) return []
    if (encoded.length > 1) {
      const partitions = new Set(encoded.map(({ partition }) => partition))
      checkScope(this.capabilities.documentBatch, partitions.size, `${this.name}: a batch of documents`)
    }
    return this.#write(encoded)
  }

  get parts(): DocumentStoreParts {
    const { name, capabilities, partitions } = this
    return { name, capabilities, partitions, adapter: this.#adapter, checkOpen: () => this.checkOpen() }
  }

  close(): void {
    this.#closed = true
  }

  checkOpen(): void {
    if (this.#closed) throw new EventStoreError('CLOSED', 'the document store is closed')
  }

  async #write(writes: readonly EncodedDocumentWrite[]): Promise<readonly (string | undefined)[]> {
    try {
      const outcome = await this.#adapter.doWrite(writes)
      if (outcome.ok) return outcome.revisions
      throw outcome.error
    } catch (error) {
      throw asBackendError(error, 'write')
    }
  }
}

class WrappedCollection<Value> implements DocumentCollection<Value> {
  readonly name: string
  readonly #store: WrappedDocumentStore
  readonly #adapter: DocumentStoreAdapter
  readonly #listed: boolean

  constructor(store: WrappedDocumentStore, adapter: DocumentStoreAdapter, name: string, listed: boolean) {
    this.name = name
    this.#store = store
    this.#adapter = adapter
    this.#listed = listed
  }

  async get(key: string, options: DocumentOptions = {}): Promise<Document<Value> | undefined> {
    const [document] = await this.#getMany([key], options, () => 'key')
    return document
  }

  async getMany(
    keys: readonly string[],
    options: DocumentOptions = {},
  ): Promise<readonly (Document<Value> | undefined)[]> {
    if (!Array.isArray(keys)) throw invalidArgument('keys', 'must be an array')
    checkLimit(keys.length, MAX_PAGE_DOCUMENTS, 'keys', 'keys')
    return this.#getMany(keys, options, (index) => `keys[${index}]`)
  }

  async put(key: string, value: Value, options: PutOptions = {}): Promise<string> {
    const [revision] = await this.#store.batch([this.putting(key, value, options)])
    if (revision === undefined) throw asBackendError(undefined, 'write')
    return revision
  }

  async delete(key: string, options: Omit<PutOptions, 'expiresInMs'> = {}): Promise<void> {
    await this.#store.batch([this.deleting(key, options)])
  }

  async *list(options: ListOptions = {}): AsyncGenerator<Document<Value>> {
    const { prefix = '', pageSize = DEFAULT_PAGE_DOCUMENTS, partition } = options
    if (!this.#listed) throw notSupported(`collection ${JSON.stringify(this.name)} was not opened as listed`)
    // The beginning of some key: what no key can hold has no place in it either.
    if (prefix !== '') checkKey(prefix, 'prefix', this.#store.capabilities)
    checkInteger(pageSize, 'pageSize', 1, MAX_PAGE_DOCUMENTS)
    if (partition !== undefined) checkInteger(partition, 'partition', 0, this.#store.partitions - 1)
    const last = partition ?? this.#store.partitions - 1
    for (let current = partition ?? 0; current <= last; current++) {
      let after: string | undefined
      do {
        this.#store.checkOpen()
        const page: DocumentPage = await this.#read(
          this.#adapter.doList({ collection: this.name, partition: current, prefix, after, limit: pageSize }),
        )
        for (const document of page.documents) yield decodeDocument(document.key, document)
        after = page.next
      } while (after !== undefined)
    }
  }

  putting(key: string, value: Value, options: PutOptions = {}): DocumentWrite {
    if (value === undefined) throw invalidArgument('value', 'must not be undefined; use delete')
    const { partition, expectedRevision = 'any', expiresInMs } = options
    return {
      collection: this.name,
      key,
      partition,
      value,
      expectedRevision,
      expiresInMs,
      listed: this.#listed,
    }
  }

  deleting(key: string, options: Omit<PutOptions, 'expiresInMs'> = {}): DocumentWrite {
    const { partition, expectedRevision = 'any' } = options
    return {
      collection: this.name,
      key,
      partition,
      value: undefined,
      expectedRevision,
      expiresInMs: undefined,
      listed: this.#listed,
    }
  }

  async #getMany(
    keys: readonly string[],
    options: DocumentOptions,
    fieldOf: (index: number) => string,
  ): Promise<readonly (Document<Value> | undefined)[]> {
    this.#store.checkOpen()
    const addresses = keys.map((key, index) => {
      checkKey(key, fieldOf(index), this.#store.capabilities)
      return {
        collection: this.name,
        key,
        partition: partitionOfKey(key, options.partition, this.#store.partitions, ''),
      }
    })
    if (addresses.length === 0) return []
    const stored = await this.#read(this.#adapter.doGet(addresses))
    return keys.map((key, index) => {
      const document = stored[index]
      return document === undefined ? undefined : decodeDocument<Value>(key, document)
    })
  }

  async #read<Result>(result: Promise<Result>): Promise<Result> {
    try {
      return await result
    } catch (error) {
      throw asBackendError(error, 'read')
    }
  }
}

function decodeDocument<Value>(key: string, { value, revision }: StoredDocument): Document<Value> {
  // The caller's type parameter is its claim about what it stored here.
  return { key, value: JSON.parse(value) as Value, revision }
}
