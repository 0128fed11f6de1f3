import type { Document, DocumentStore, DocumentWrite, RevisionExpectation } from '../document-store.ts'
import { checkCollection, checkKey } from '../document-write.ts'
import { encodeJson } from '../json.ts'
import type { HandlerDocuments } from './subscription.ts'
import { withFields } from '../with-fields.ts'

interface Buffered {
  readonly collection: string
  readonly key: string
  readonly partition: number
  /** JSON text; `undefined`: deleted, or not there. */
  value: string | undefined
  expiresInMs: number | undefined
  listed: boolean
  /** Revision the store had when it was read; blind writes never read. */
  readonly base: RevisionExpectation
  written: boolean
  /** Rises with each write, so that a handler can tell that what it read has changed. */
  changes: number
}

/** Thrown inside the engine: another handler changed what this one read, so it has to run again. */
export class StaleRead extends Error {}

/**
 * Document effects of all handlers of one slice, kept until the checkpoint is written. Each handler works
 * on a {@link HandlerEffects} of its own, taken over when it succeeds.
 */
export class EffectBuffer {
  readonly #documents: DocumentStore
  readonly #buffered = new Map<string, Buffered>()

  constructor(documents: DocumentStore) {
    this.#documents = documents
  }

  begin(partition: number): HandlerEffects {
    return new HandlerEffects(this, partition)
  }

  clear(): void {
    this.#buffered.clear()
  }

  /** What to write together with the checkpoint. */
  writes(): readonly DocumentWrite[] {
    return Array.from(this.#buffered.values())
      .filter(({ written }) => written)
      .map(({ collection, key, partition, value, expiresInMs, listed, base }) => ({
        collection,
        key,
        partition,
        value: value === undefined ? undefined : (JSON.parse(value) as unknown),
        expectedRevision: base,
        expiresInMs,
        listed,
      }))
  }

  /** The document as the handlers before left it, or as it is stored. */
  async load(collection: string, key: string, partition: number): Promise<Buffered> {
    const address = addressOf(collection, key, partition)
    const standing = this.#buffered.get(address)
    if (standing !== undefined) return standing
    const stored: Document<unknown> | undefined = await this.#documents
      .collection(collection)
      .get(key, { partition })
    // Another handler may have loaded or written it meanwhile.
    const raced = this.#buffered.get(address)
    if (raced !== undefined) return raced
    const loaded: Buffered = {
      collection,
      key,
      partition,
      value: stored === undefined ? undefined : JSON.stringify(stored.value),
      expiresInMs: undefined,
      listed: false,
      base: stored === undefined ? 'none' : { revision: stored.revision },
      written: false,
      changes: 0,
    }
    this.#buffered.set(address, loaded)
    return loaded
  }

  /** Takes a handler's effects over. @throws {@link StaleRead} when what it read has changed since. */
  take(reads: ReadonlyMap<string, number>, writes: ReadonlyMap<string, HandlerWrite>): void {
    for (const [address, changes] of reads)
      if (this.#buffered.get(address)?.changes !== changes) throw new StaleRead()
    for (const [address, write] of writes) {
      const standing = this.#buffered.get(address)
      if (standing === undefined)
        this.#buffered.set(address, withFields(write, { base: 'any', written: true, changes: 1 } as const))
      else Object.assign(standing, write, { written: true, changes: standing.changes + 1 })
    }
  }

  check(collection: string, key: string): void {
    checkCollection(collection, 'collection')
    checkKey(key, 'key', this.#documents.capabilities)
  }
}

type HandlerWrite = Pick<Buffered, 'collection' | 'key' | 'partition' | 'value' | 'expiresInMs' | 'listed'>

/** What one run of one handler read and wrote. */
export class HandlerEffects implements HandlerDocuments {
  readonly #buffer: EffectBuffer
  readonly #partition: number
  readonly #reads = new Map<string, number>()
  readonly #writes = new Map<string, HandlerWrite>()

  constructor(buffer: EffectBuffer, partition: number) {
    this.#buffer = buffer
    this.#partition = partition
  }

  async get<Value>(
    collection: string,
    key: string,
    options: Parameters<HandlerDocuments['get']>[2] = {},
  ): Promise<Value | undefined> {
    this.#buffer.check(collection, key)
    const { partition = this.#partition } = options
    const address = addressOf(collection, key, partition)
    const own = this.#writes.get(address)
    // The caller's type parameter is its claim about what it stored here.
    if (own !== undefined) return parse(own.value) as Value | undefined
    const loaded = await this.#buffer.load(collection, key, partition)
    if (!this.#reads.has(address)) this.#reads.set(address, loaded.changes)
    return parse(loaded.value) as Value | undefined
  }

  put(
    collection: string,
    key: string,
    value: unknown,
    options: Parameters<HandlerDocuments['put']>[3] = {},
  ): void {
    this.#buffer.check(collection, key)
    const { partition = this.#partition, expiresInMs, listed = false } = options
    const text = encodeJson(value, 'value')
    this.#writes.set(addressOf(collection, key, partition), {
      collection,
      key,
      partition,
      value: text,
      expiresInMs,
      listed,
    })
  }

  delete(collection: string, key: string, options: Parameters<HandlerDocuments['delete']>[2] = {}): void {
    this.#buffer.check(collection, key)
    const { partition = this.#partition } = options
    const write = { collection, key, partition, value: undefined, expiresInMs: undefined, listed: false }
    this.#writes.set(addressOf(collection, key, partition), write)
  }

  /** The handler succeeded. */
  keep(): void {
    this.#buffer.take(this.#reads, this.#writes)
  }
}

/** Reads and writes within a transaction go straight to it: it is the buffer. */
export function transactionDocuments(
  documents: DocumentStore,
  ownPartition: number,
): { readonly handler: HandlerDocuments; flush(): Promise<void> } {
  const pending: DocumentWrite[] = []
  const flush = async (): Promise<void> => {
    // One by one, in order: a handler may write the same document twice.
    for (const write of pending.splice(0)) await documents.batch([write])
  }
  return {
    flush,
    handler: {
      get: async <Value>(
        collection: string,
        key: string,
        options: Parameters<HandlerDocuments['get']>[2] = {},
      ) => {
        await flush()
        const document = await documents
          .collection<Value>(collection)
          .get(key, { partition: options.partition ?? ownPartition })
        return document?.value
      },
      put: (collection, key, value, { partition = ownPartition, expiresInMs, listed = false } = {}) => {
        pending.push(
          documents.collection(collection, { listed }).putting(key, value, { partition, expiresInMs }),
        )
      },
      delete: (collection, key, { partition = ownPartition } = {}) => {
        pending.push(documents.collection(collection).deleting(key, { partition }))
      },
    },
  }
}

function parse(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text)
}

function addressOf(collection: string, key: string, partition: number): string {
  return `${collection}\n${partition}\n${key}`
}
