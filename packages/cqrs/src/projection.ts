import {
  type ContractShape,
  type EventContract,
  type EventDefinitions,
  type EventOf,
  invalidArgument,
} from '@eventspine/core'

/** How a document's state follows from each type of event; types left out pass by. */
export type Evolutions<State, Category extends string, Definitions extends EventDefinitions> = {
  readonly [Type in keyof Definitions & string]?: (
    state: State,
    event: EventOf<ContractShape<Category, Definitions>, Type>,
  ) => State | undefined
}

/** What {@link projection} takes: the state's type is that of `initialState`. */
export interface ProjectionDefinition<State, Category extends string, Definitions extends EventDefinitions> {
  /** Of the read model: 1 to 64 letters, digits, `-`, `_` or `.`. */
  readonly name: string
  /** Raise it when documents must be derived anew: each version has documents and a consumer group of its own. Default 1. */
  readonly version?: number | undefined
  readonly events: EventContract<Category, Definitions>
  /** The key of the document that an event has an effect on; `undefined`: none. Default: its stream id. */
  readonly key?: ((event: EventOf<ContractShape<Category, Definitions>>) => string | undefined) | undefined
  /** The state of a document before its first event. JSON. */
  readonly initialState: () => State
  /**
   * The next state of a document, by event type; `undefined` deletes the document. Pure, since it is called
   * again when another process was faster.
   */
  readonly evolve: Evolutions<State, Category, Definitions>
}

/** Derives a read model: one document for each key. Made by {@link projection}. */
export interface Projection<
  State,
  Category extends string = string,
  Definitions extends EventDefinitions = EventDefinitions,
> extends ProjectionDefinition<State, Category, Definitions> {
  readonly version: number
  readonly key: (event: EventOf<ContractShape<Category, Definitions>>) => string | undefined
  /** Of the documents. */
  readonly collection: string
}

const NAME = /^[\w.-]{1,64}$/
const MAX_VERSION = 1_000_000

/**
 * Defines a projection: how documents follow from events. It can then be run by {@link runProjection}.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` naming what is no name, version or event type.
 */
export function projection<
  State,
  Category extends string,
  Definitions extends EventDefinitions,
  // A parameter of its own, as in `decider`: inferred from directly, the literals it returns would be widened.
  Evolve extends Evolutions<State, Category, Definitions>,
>(
  definition: Omit<ProjectionDefinition<State, Category, Definitions>, 'evolve'> & {
    readonly evolve: Evolve & { readonly [Type in Exclude<keyof Evolve, keyof Definitions>]: never }
  },
): Projection<State, Category, Definitions> {
  const { name, version = 1, events, key = (event) => event.streamId, evolve } = definition
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw invalidArgument('name', 'must be 1 to 64 letters, digits, "-", "_" or "."')
  }
  if (!Number.isInteger(version) || version < 1 || version > MAX_VERSION) {
    throw invalidArgument('version', `must be an integer from 1 to ${MAX_VERSION}, got ${String(version)}`)
  }
  for (const type of Object.keys(evolve)) {
    if (!Object.hasOwn(events.definitions, type)) {
      throw invalidArgument(`evolve.${type}`, `is not an event of the contract "${events.category}"`)
    }
  }
  return { ...definition, version, key, collection: `projection:${name}@${version}` }
}
