import {
  abortableDelay,
  backoffMs,
  type DocumentCollection,
  type DocumentStore,
  EventStoreError,
  isTransient,
} from '@eventspine/core'
import type { Projection } from './projection.ts'
import { type Build, isSameBuild } from './projection-build.ts'

/**
 * All that is known of a projection's builds, in one document, so that one compare-and-set decides which of
 * them serves. The format is specified in `docs/wire.md`.
 */
export interface ProjectionRecord {
  readonly format: 1
  /** The highest build number given so far. */
  readonly lastNumber: number
  /** What readers read. */
  readonly serving: Build
  /** What is derived beside it. */
  readonly building: Build | null
  /** Served before, and kept for those who still read that version. */
  readonly kept: readonly Build[]
  /** Nobody reads them any more: their documents are being deleted. */
  readonly dropping: readonly Build[]
}

/** What a definition says of itself. */
export type Definition = Pick<Projection<never>, 'name' | 'version' | 'fingerprint'>

const CATALOGUE = 'projections'
const MAX_TRIES = 20

/** The catalogue entry of one projection. */
export class ProjectionCatalogue {
  readonly #collection: DocumentCollection<ProjectionRecord>
  readonly #name: string

  constructor(documents: DocumentStore, name: string) {
    this.#collection = documents.collection(CATALOGUE)
    this.#name = name
  }

  /** @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: written by a newer version of this package. */
  async read(): Promise<ProjectionRecord | undefined> {
    return (await this.#get())?.value
  }

  /**
   * Writes what `change` makes of the entry, by compare-and-set, until it is known to be written. `change` is
   * called again when another was faster or the outcome is unknown, so it returns what it is given when there
   * is nothing left to do.
   */
  async update(
    change: (record: ProjectionRecord | undefined) => ProjectionRecord,
    signal: AbortSignal = new AbortController().signal,
  ): Promise<ProjectionRecord> {
    for (let attempt = 1; ; attempt++) {
      try {
        const current = await this.#get()
        const next = change(current?.value)
        if (next === current?.value) return next
        const expectedRevision = current === undefined ? 'none' : { revision: current.revision }
        await this.#collection.put(this.#name, next, { expectedRevision })
        return next
      } catch (error) {
        const mayRepeat = EventStoreError.is(error, 'REVISION_CONFLICT') || isTransient(error)
        if (!mayRepeat || attempt >= MAX_TRIES || signal.aborted) throw error
        await abortableDelay(backoffMs(attempt, 5, 500), signal)
      }
    }
  }

  async #get() {
    const document = await this.#collection.get(this.#name)
    if (document !== undefined && document.value.format !== 1) {
      throw new EventStoreError(
        'STORE_INCOMPATIBLE',
        `the catalogue entry of projection ${JSON.stringify(this.#name)} has an unknown format`,
      )
    }
    return document
  }
}

/** The build that a run of this definition works on, entering one where there is none. */
export function entered(record: ProjectionRecord | undefined, definition: Definition): ProjectionRecord {
  const { version, fingerprint, name } = definition
  if (record === undefined) {
    const serving = { version, number: 1, fingerprint }
    return { format: 1, lastNumber: 1, serving, building: null, kept: [], dropping: [] }
  }
  if (record.serving.version === version) {
    if (record.serving.fingerprint !== fingerprint) {
      throw incompatible(
        `${name}@${version} was derived from ${record.serving.fingerprint}, this definition takes ${fingerprint}: raise its version`,
      )
    }
    return record
  }
  if (record.kept.some((build) => build.version === version)) return record
  if (record.serving.version > version) {
    throw incompatible(
      `${name}@${version} was replaced by version ${record.serving.version} and is no longer kept`,
    )
  }
  return building(record, definition)
}

/** With a build of this definition beside the one that serves; one that is under way already is gone on with. */
export function building(record: ProjectionRecord, definition: Definition): ProjectionRecord {
  const { version, fingerprint, name } = definition
  const standing = record.building
  if (standing?.version === version && standing.fingerprint === fingerprint) return record
  if (standing !== null && standing.version > version) {
    throw incompatible(`${name}@${version} is not built: version ${standing.version} is, which is newer`)
  }
  const number = record.lastNumber + 1
  return {
    ...record,
    lastNumber: number,
    building: { version, number, fingerprint },
    dropping: standing === null ? record.dropping : [...record.dropping, standing],
  }
}

/** With `build` serving, in one step. */
export function promoted(
  record: ProjectionRecord | undefined,
  build: Build,
  keepOld: boolean,
): ProjectionRecord {
  if (record !== undefined && isSameBuild(record.serving, build)) return record
  if (record !== undefined && isSameBuild(record.building, build)) {
    const old = record.serving
    return {
      ...record,
      serving: build,
      building: null,
      kept: keepOld ? [...record.kept, old] : record.kept,
      dropping: keepOld ? record.dropping : [...record.dropping, old],
    }
  }
  throw new EventStoreError(
    'CONSUMER_STOPPED',
    `build ${build.number} of version ${build.version} was given up for another`,
  )
}

/** Without the kept builds of a version: they are to be dropped. */
export function released(record: ProjectionRecord, version: number): ProjectionRecord {
  const gone = record.kept.filter((build) => build.version === version)
  if (gone.length === 0) return record
  return {
    ...record,
    kept: record.kept.filter((build) => !gone.includes(build)),
    dropping: [...record.dropping, ...gone],
  }
}

/** Without a build whose documents are deleted. */
export function dropped(record: ProjectionRecord, build: Build): ProjectionRecord {
  if (!record.dropping.some((other) => isSameBuild(other, build))) return record
  return { ...record, dropping: record.dropping.filter((other) => !isSameBuild(other, build)) }
}

/** What a definition's documents are in now, for those who write them. */
export function buildOf(record: ProjectionRecord, { version }: Definition): Build | undefined {
  const { serving, building: beside, kept } = record
  if (serving.version === version) return serving
  if (beside?.version === version) return beside
  return kept.findLast((build) => build.version === version)
}

/** All builds of a definition's version that are read, or will be: a writer in the commit writes each of them. */
export function buildsOf(record: ProjectionRecord, { version }: Definition): readonly Build[] {
  const { serving, building: beside, kept } = record
  return [serving, ...(beside === null ? [] : [beside]), ...kept].filter((build) => build.version === version)
}

export function incompatible(message: string): EventStoreError<'STORE_INCOMPATIBLE'> {
  return new EventStoreError('STORE_INCOMPATIBLE', `projection ${message}`)
}
