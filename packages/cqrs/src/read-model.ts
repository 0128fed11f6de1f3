import type { DocumentCollection, DocumentStore, EventDefinitions, Position } from '@eventspine/core'
import type { Projection } from './projection.ts'

/** A document of a projection as it is stored. */
export interface ProjectedDocument<State> {
  /** Absent once the document was deleted: the stamps must outlive it. */
  readonly state?: State
  /** Of the event that had the last effect. */
  readonly position: Position
  /**
   * The last version of each stream that had an effect. One position would not do: the events of different
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
  get(key: string): Promise<State | undefined>
  /**
   * All documents whose key starts with `prefix`, in the order that the backend declares.
   *
   * @throws {@link EventStoreError} `NOT_SUPPORTED` where the backend lists no documents.
   */
  list(options?: { readonly prefix?: string | undefined }): AsyncIterable<ReadModelEntry<State>>
}

/** The read model of a projection, wherever the projection runs. */
export function readModel<State, Category extends string, Definitions extends EventDefinitions>(
  documents: DocumentStore,
  projection: Projection<State, Category, Definitions>,
): ReadModel<State> {
  const collection = documentsOf(documents, projection)
  return {
    async get(key) {
      const document = await collection.get(key)
      return document?.value.state
    },
    async *list({ prefix } = {}) {
      for await (const { key, value } of collection.list({ prefix })) {
        if (value.state !== undefined) yield { key, state: value.state }
      }
    },
  }
}

/** The collection of a projection's documents; listed where the backend can. */
export function documentsOf<State, Category extends string, Definitions extends EventDefinitions>(
  documents: DocumentStore,
  projection: Projection<State, Category, Definitions>,
): DocumentCollection<ProjectedDocument<State>> {
  return documents.collection(projection.collection, { listed: documents.capabilities.listing !== 'none' })
}
