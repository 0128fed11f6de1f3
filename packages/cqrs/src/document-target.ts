import type { ContractShape, DocumentStore, SubscribeOptions } from '@eventspine/core'
import { DocumentProjector } from './document-projector.ts'
import { removeDocuments } from './drop-build.ts'
import type { Projection } from './projection.ts'
import { type Build, collectionOf } from './projection-build.ts'
import { ProjectionCatalogue, promoted } from './projection-catalogue.ts'
import type { ProjectionTarget } from './projection-target.ts'

/** Builds of documents: a collection each. */
export class DocumentTarget<
  State,
  Contract extends ContractShape,
  Native,
> implements ProjectionTarget<Native> {
  readonly definition: Projection<State, Contract>
  readonly remove: ProjectionTarget<Native>['remove']
  readonly #documents: DocumentStore
  readonly #projectors: DocumentProjector<State, Contract>[] = []

  constructor(documents: DocumentStore, projection: Projection<State, Contract>) {
    this.#documents = documents
    this.definition = projection
    this.remove = removeDocuments(documents, projection.name)
  }

  get appliedEvents(): number {
    return this.#projectors.reduce((sum, { applied }) => sum + applied, 0)
  }

  get repeatedEvents(): number {
    return this.#projectors.reduce((sum, { repeated }) => sum + repeated, 0)
  }

  async prepare(): Promise<void> {
    // A collection is there when its first document is.
  }

  consume(build: Build, isRebuilding: () => boolean): Pick<SubscribeOptions<Native>, 'handlers'> {
    const { definition } = this
    const collection = collectionOf(definition.name, build)
    const projector = new DocumentProjector(this.#documents, definition, collection, isRebuilding)
    this.#projectors.push(projector)
    return { handlers: definition.handlers<Native>((event, { signal }) => projector.apply(event, signal)) }
  }

  async promote(build: Build, keepOld: boolean): Promise<void> {
    const catalogue = new ProjectionCatalogue(this.#documents, this.definition.name)
    await catalogue.update((record) => promoted(record, build, keepOld))
  }
}
