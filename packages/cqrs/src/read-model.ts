import { type DocumentCollection, type DocumentStore, EventStoreError, type Position } from '@eventspine/core'
import type { Projection } from './projection.ts'
import { type Build, collectionOf } from './projection-build.ts'
import { incompatible, ProjectionCatalogue, type ProjectionRecord } from './projection-catalogue.ts'

/** A document of a projection as it is stored. */
export interface ProjectedDocument<State> {
  /** Absent once the document was deleted: the stamps must outlive it. */
  readonly state?: State
  /** Of the event that had the last effect; absent when it was written in the commit of that event. */
  readonly position?: Position
  /**
   * The version of each stream up to which it was applied. One position would not do: the events of different
   * streams are handled side by side, and those of a parked stream long after the others.
   */
  readonly streams: Readonly<Record<string, number>>
}

/** A document of a read model. */
export interface ReadModelEntry<State> {
  readonly key: string
  readonly state: State
}

/** The documents of a projection, as the projection has written them so far. */
export interface ReadModel<State> {
  /**
   * @throws {@link EventStoreError} `BUSY`: the version is still being built, and the definition does not say
   *   how to read the one that serves. `STORE_INCOMPATIBLE`: the version was replaced and is no longer kept.
   */
  get(key: string): Promise<State | undefined>
  /**
   * All documents whose key starts with `prefix`, in the order that the backend declares.
   *
   * @throws {@link EventStoreError} `NOT_SUPPORTED` where the backend lists no documents; `BUSY` when the
   *   documents were replaced meanwhile: list again. Else as of `get`.
   */
  list(options?: { readonly prefix?: string | undefined }): AsyncIterable<ReadModelEntry<State>>
}

/** Which documents a reader reads, and how. */
interface Source<State> {
  readonly build: Pick<Build, 'version' | 'number'>
  readonly read: (state: unknown) => State
}

/** What a reader needs of a projection. */
export type ReadableProjection<State> = Pick<Projection<State>, 'name' | 'version' | 'earlier'>

/**
 * The read model of a projection, wherever the projection runs: the documents of the build that serves. When
 * another is swapped in, the next read is of that one.
 */
export function readModel<State>(
  documents: DocumentStore,
  projection: ReadableProjection<State>,
): ReadModel<State> {
  return new ServingModel(documents, projection)
}

class ServingModel<State> implements ReadModel<State> {
  readonly #documents: DocumentStore
  readonly #projection: ReadableProjection<State>
  readonly #catalogue: ProjectionCatalogue
  #known: Source<State>

  constructor(documents: DocumentStore, projection: ReadableProjection<State>) {
    this.#documents = documents
    this.#projection = projection
    this.#catalogue = new ProjectionCatalogue(documents, projection.name)
    this.#known = sourceOf(undefined, projection)
  }

  async get(key: string): Promise<State | undefined> {
    for (;;) {
      const { build } = this.#known
      // Side by side: nearly always the build is still the one that was known.
      const [source, document] = await Promise.all([this.#source(), this.#collection(build).get(key)])
      this.#known = source
      if (!isSame(source.build, build)) continue
      if (document !== undefined) {
        const { state } = document.value
        return state === undefined ? undefined : source.read(state)
      }
      // A document that is not there may have been dropped since the catalogue was read.
      if (isSame((await this.#source()).build, build)) return undefined
    }
  }

  async *list({ prefix }: { readonly prefix?: string | undefined } = {}): AsyncGenerator<
    ReadModelEntry<State>
  > {
    const source = await this.#source()
    for await (const { key, value } of this.#collection(source.build).list({ prefix })) {
      if (value.state !== undefined) yield { key, state: source.read(value.state) }
    }
    const record = await this.#catalogue.read()
    const isKept =
      record === undefined || [record.serving, ...record.kept].some((build) => isSame(build, source.build))
    if (!isKept) {
      throw new EventStoreError('BUSY', 'the documents were replaced while they were listed: list again', {
        retryable: true,
      })
    }
  }

  async #source(): Promise<Source<State>> {
    return sourceOf(await this.#catalogue.read(), this.#projection)
  }

  #collection(build: Pick<Build, 'version' | 'number'>) {
    return documentsOf<State>(this.#documents, collectionOf(this.#projection.name, build))
  }
}

/** @throws {@link EventStoreError} `BUSY` and `STORE_INCOMPATIBLE` as of {@link ReadModel.get}. */
export function sourceOf<State>(
  record: ProjectionRecord | undefined,
  { name, version, earlier = {} }: ReadableProjection<State>,
): Source<State> {
  // The caller's type parameter is its claim about what this version stores.
  const asStored = (state: unknown): State => state as State
  if (record === undefined) return { build: { version, number: 1 }, read: asStored }
  const { serving, kept } = record
  const own = serving.version === version ? serving : kept.findLast((build) => build.version === version)
  if (own !== undefined) return { build: own, read: asStored }
  if (serving.version > version) {
    throw incompatible(`${name}@${version} was replaced by version ${serving.version} and is no longer kept`)
  }
  const read = earlier[serving.version]
  if (read !== undefined) return { build: serving, read }
  throw new EventStoreError(
    'BUSY',
    `projection ${name}@${version} is not built yet, and does not say how to read version ${serving.version}`,
    { retryable: true },
  )
}

function isSame(a: Pick<Build, 'version' | 'number'>, b: Pick<Build, 'version' | 'number'>): boolean {
  return a.number === b.number && a.version === b.version
}

/** The documents of one build, whether it serves or not. */
export function modelOfBuild<State>(documents: DocumentStore, collection: string): ReadModel<State> {
  const stored = documentsOf<State>(documents, collection)
  return {
    async get(key) {
      return (await stored.get(key))?.value.state
    },
    async *list({ prefix } = {}) {
      for await (const { key, value } of stored.list({ prefix })) {
        if (value.state !== undefined) yield { key, state: value.state }
      }
    },
  }
}

/** A collection of a projection's documents; listed where the backend can. */
export function documentsOf<State>(
  documents: DocumentStore,
  collection: string,
): DocumentCollection<ProjectedDocument<State>> {
  return documents.collection(collection, { listed: documents.capabilities.listing !== 'none' })
}
