import {
  type ContractShape,
  type EventOf,
  type Handler,
  type HandlerMap,
  invalidArgument,
  type RecordedEvent,
  type StreamId,
  type TypeOf,
} from '@eventspine/core'

/** What a projection needs of a contract: every contract of `defineEvents` has it. */
export interface ProjectedContract extends ContractShape {
  stream(id: string): StreamId
  handlers<Native>(handlers: Readonly<Record<string, Handler<Native>>>): HandlerMap<Native>
}

/** The event types of a projection's contracts. */
export type ProjectedType<Contract extends ContractShape> = Contract extends ContractShape
  ? TypeOf<Contract>
  : never

/** The events of a projection's contracts as a union that narrows on `type`. */
export type ProjectedEvent<Contract extends ContractShape> = Contract extends ContractShape
  ? EventOf<Contract>
  : never

/** The events of one type, of whichever contracts define it. */
export type ProjectedEventOf<
  Contract extends ContractShape,
  Type extends string,
> = Contract extends ContractShape ? (Type extends TypeOf<Contract> ? EventOf<Contract, Type> : never) : never

/** How a document's state follows from each type of event; types left out pass by. */
export type Evolutions<State, Contract extends ContractShape> = {
  readonly [Type in ProjectedType<Contract>]?: (
    state: State,
    event: ProjectedEventOf<Contract, Type>,
  ) => State | undefined
}

/** A change of a document, as {@link ProjectionDefinition.onChange} is told of it. */
export interface DocumentChange<State, Contract extends ContractShape> {
  readonly key: string
  /** `undefined`: deleted, or not there. */
  readonly state: State | undefined
  readonly event: ProjectedEvent<Contract>
  readonly signal: AbortSignal
}

/** What {@link projection} takes: the state's type is that of `initialState`. */
export interface ProjectionDefinition<State, Contract extends ContractShape> {
  /** Of the read model: 1 to 64 letters, digits, `-`, `_` or `.`. */
  readonly name: string
  /** Raise it when documents must be derived anew: each version has documents and a consumer group of its own. Default 1. */
  readonly version?: number | undefined
  /** The contract whose events it takes; several as a list. */
  readonly events: Contract | readonly Contract[]
  /** The key of the document that an event has an effect on; `undefined`: none. Default: its stream id. */
  readonly key?: ((event: ProjectedEvent<Contract>) => string | undefined) | undefined
  /** The state of a document before its first event. JSON. */
  readonly initialState: () => State
  /**
   * The next state of a document, by event type; `undefined` deletes the document. Pure, since it is called
   * again when another process was faster.
   */
  readonly evolve: Evolutions<State, Contract>
  /**
   * How documents of earlier versions read as this version's, by version: while this version is being built,
   * the one that serves is read through it. Without an entry such a read is refused.
   */
  readonly earlier?: Readonly<Record<number, (state: unknown) => State>> | undefined
  /**
   * Told of each change that an async run has written: to tell others, at least once. Never called while a
   * version is being built.
   */
  readonly onChange?: ((change: DocumentChange<State, Contract>) => void | Promise<void>) | undefined
}

/** Derives a read model: one document for each key. Made by {@link projection}. */
export interface Projection<
  State,
  Contract extends ContractShape = ContractShape,
> extends ProjectionDefinition<State, Contract> {
  readonly version: number
  readonly key: (event: ProjectedEvent<Contract>) => string | undefined
  /** What it is derived from, in one word: of two definitions with the same version it must be the same. */
  readonly fingerprint: string
  /**
   * The handlers of a consumer that gives every event the projection takes to `apply`, in the form that the
   * contracts say.
   */
  handlers<Native>(apply: Handler<Native, ProjectedEvent<Contract>>): readonly HandlerMap<Native>[]
  /** The next state of a document; `state` is `undefined` where there is none. */
  next(state: State | undefined, event: ProjectedEvent<Contract>): State | undefined
}

const NAME = /^[\w.-]{1,64}$/
const MAX_VERSION = 1_000_000

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` for what is no name or version of a projection. */
export function checkNameAndVersion(name: unknown, version: unknown): void {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw invalidArgument('name', 'must be 1 to 64 letters, digits, "-", "_" or "."')
  }
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1 || version > MAX_VERSION) {
    throw invalidArgument('version', `must be an integer from 1 to ${MAX_VERSION}, got ${String(version)}`)
  }
}

/**
 * Defines a projection: how documents follow from events. One definition is run in three ways: in the
 * background by {@link runProjection}, in the commit of the command by `inline` of {@link commandHandler}, and
 * on demand by {@link project}.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` naming what is no name, version or event type.
 */
export function projection<
  State,
  Contract extends ProjectedContract,
  // A parameter of its own, as in `decider`: inferred from directly, the literals it returns would be widened.
  Evolve extends Evolutions<State, Contract>,
>(
  definition: Omit<ProjectionDefinition<State, Contract>, 'evolve'> & {
    readonly evolve: Evolve &
      NoInfer<{ readonly [Type in Exclude<keyof Evolve, ProjectedType<Contract>>]: never }>
  },
): Projection<State, Contract> {
  const {
    name,
    version = 1,
    events,
    initialState,
    key = (event: RecordedEvent) => event.streamId,
  } = definition
  // Sound: a list is told from a contract, which is no array.
  const contracts = (Array.isArray(events) ? events : [events]) as readonly Contract[]
  checkNameAndVersion(name, version)
  if (contracts.length === 0) throw invalidArgument('events', 'must name at least one contract')
  const types = Object.keys(definition.evolve)
  for (const type of types) {
    if (!contracts.some(({ definitions }) => Object.hasOwn(definitions, type))) {
      const categories = contracts.map(({ category }) => JSON.stringify(category)).join(', ')
      throw invalidArgument(`evolve.${type}`, `is not an event of the contract ${categories}`)
    }
  }
  const evolve: Evolutions<State, Contract> = definition.evolve
  // Sound: the entry under a type takes events of that type, and is looked up by the event's own.
  const byType = new Map(
    Object.entries(evolve) as [string, ((state: State, event: unknown) => State | undefined) | undefined][],
  )
  return {
    ...definition,
    version,
    key,
    fingerprint: fingerprintOf(contracts, types),
    handlers: <Native>(apply: Handler<Native, ProjectedEvent<Contract>>) =>
      contracts.map((contract) => {
        const own = types.filter((type) => Object.hasOwn(contract.definitions, type))
        // Sound: a contract gives its handlers events of its own category and types alone.
        const handler = apply as unknown as Handler<Native>
        return contract.handlers(Object.fromEntries(own.map((type) => [type, handler])))
      }),
    next: (state, event) => {
      const before = state ?? initialState()
      const step = byType.get(event.type)
      return step === undefined ? before : step(before, event)
    },
  }
}

/** Names what no documents may be mixed of. Not the text of functions, which a bundler changes. */
export function fingerprintOf(contracts: readonly ContractShape[], types: readonly string[]): string {
  return contracts
    .map(({ category, definitions }) => {
      const own = types.filter((type) => Object.hasOwn(definitions, type)).sort()
      return `${category}(${own.join(',')})`
    })
    .sort()
    .join('+')
}
