import { type Cas, clientModule, type CouchbaseCollection, type Spec, specs as part } from './client.ts'
import { classifyError } from './classify-error.ts'

/** A document as the server has it; `cas` is the server's word for this state of it. */
export interface Found<Content> {
  readonly content: Content
  readonly cas: Cas
}

export interface WriteOptions {
  /** The state that must be there now. */
  readonly cas?: Cas | undefined
  /** When the server may remove the document. */
  readonly expiry?: Date | undefined
}

/** Why a mutation of a part of a document was refused. */
export type Refusal = 'missing' | 'path' | 'changed' | 'large'

const REFUSALS: Readonly<Record<string, Refusal>> = {
  DocumentNotFoundError: 'missing',
  PathNotFoundError: 'path',
  CasMismatchError: 'changed',
  ValueTooLargeError: 'large',
}

/**
 * The operations that the store is made of. What the store expects to happen is an answer; all else is thrown as an
 * `EventStoreError`. A client's own transcoder has no part in it.
 */
export class Connection {
  readonly #collection: CouchbaseCollection
  readonly #durability: number
  readonly #transcoder = new (clientModule().DefaultTranscoder)()

  constructor(collection: CouchbaseCollection, durability: number) {
    this.#collection = collection
    this.#durability = durability
  }

  /** `undefined`: there is none. */
  async get<Content>(key: string): Promise<Found<Content> | undefined> {
    const found = await this.#read(this.#collection.get(key, { transcoder: this.#transcoder }))
    // What the store wrote under this kind of key.
    return found === undefined ? undefined : { content: found.content as Content, cas: found.cas }
  }

  /** Parts of a document, `undefined` where it has none; `undefined` where there is no document. */
  async lookup(key: string, paths: readonly string[]): Promise<readonly unknown[] | undefined> {
    const specs = paths.map((path) => part.get(path))
    const found = await this.#read(this.#collection.lookupIn(key, specs))
    return found?.content.map(({ error, value }): unknown => {
      if (error !== null && error !== undefined && error.name !== 'PathNotFoundError')
        throw classifyError(error, false)
      return value
    })
  }

  /** `undefined`: one is there already. */
  async insert(key: string, content: unknown, { expiry }: WriteOptions = {}): Promise<boolean> {
    const options = { ...this.#writing(), ...(expiry === undefined ? {} : { expiry }) }
    return (
      (await this.#write(this.#collection.insert(key, content, options), 'DocumentExistsError')) !== undefined
    )
  }

  /** `false`: the document is not there, or not in this state. */
  async replace(key: string, content: unknown, { cas, expiry }: WriteOptions): Promise<boolean> {
    const options = {
      ...this.#writing(),
      ...(expiry === undefined ? {} : { expiry }),
      ...(cas === undefined ? {} : { cas }),
    }
    const written = this.#collection.replace(key, content, options)
    return (await this.#write(written, 'DocumentNotFoundError', 'CasMismatchError')) !== undefined
  }

  async upsert(key: string, content: unknown, { expiry }: WriteOptions = {}): Promise<void> {
    const options = { ...this.#writing(), ...(expiry === undefined ? {} : { expiry }) }
    await this.#write(this.#collection.upsert(key, content, options))
  }

  /** `false`: the document was not there, or not in this state. */
  async remove(key: string, { cas }: WriteOptions = {}): Promise<boolean> {
    const options = { durabilityLevel: this.#durability, ...(cas === undefined ? {} : { cas }) }
    const removed = this.#collection.remove(key, options)
    return (await this.#write(removed, 'DocumentNotFoundError', 'CasMismatchError')) !== undefined
  }

  /** Changes parts of a document, all or none, and returns what counters of them came to. */
  async mutate(
    key: string,
    specs: Spec[],
    { cas, create = false }: { readonly cas?: Cas | undefined; readonly create?: boolean } = {},
  ): Promise<readonly unknown[] | Refusal> {
    try {
      const { content } = await this.#collection.mutateIn(key, specs, {
        durabilityLevel: this.#durability,
        ...(create ? { storeSemantics: clientModule().StoreSemantics.Upsert } : {}),
        ...(cas === undefined ? {} : { cas }),
      })
      return content.map(({ value }): unknown => value)
    } catch (error) {
      const refusal = error instanceof Error ? REFUSALS[error.name] : undefined
      if (refusal === undefined) throw classifyError(error, true)
      return refusal
    }
  }

  #writing() {
    return { durabilityLevel: this.#durability, transcoder: this.#transcoder }
  }

  async #read<Result>(reading: Promise<Result>): Promise<Result | undefined> {
    try {
      return await reading
    } catch (error) {
      if (error instanceof Error && error.name === 'DocumentNotFoundError') return undefined
      throw classifyError(error, false)
    }
  }

  /** `undefined`: refused for one of the reasons that were named. */
  async #write<Result>(
    writing: Promise<Result>,
    ...refusals: readonly string[]
  ): Promise<Result | undefined> {
    try {
      return await writing
    } catch (error) {
      if (error instanceof Error && refusals.includes(error.name)) return undefined
      throw classifyError(error, true)
    }
  }
}
