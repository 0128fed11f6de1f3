import type {
  ContractShape,
  DomainEventOf,
  EventContract,
  EventDefinitions,
  NewEventOf,
} from '@eventspine/core'

/** The rules of one aggregate as pure functions: its state is the fold of its events, a command is decided on it. */
export interface Decider<
  State,
  Command,
  Category extends string = string,
  Definitions extends EventDefinitions = EventDefinitions,
> {
  /** The events of the aggregate's streams. */
  readonly events: EventContract<Category, Definitions>
  /** The state of a stream without events. */
  readonly initialState: () => State
  /**
   * The next state. Pure: it changes neither argument, reads no clock, and takes every event that was ever
   * stored, whatever today's rules are.
   */
  readonly evolve: (state: State, event: DomainEventOf<ContractShape<Category, Definitions>>) => State
  /**
   * What the command leads to: one event, several, or an empty list when there is nothing to do. Pure, since
   * it is called again when another writer was faster. Ids are derived from the command's: give none.
   *
   * @throws a {@link DomainError} when the command is refused.
   */
  readonly decide: (command: Command, state: State) => Decision<Category, Definitions>
}

/** What {@link Decider.decide} returns. */
export type Decision<Category extends string, Definitions extends EventDefinitions> =
  | NewEventOf<ContractShape<Category, Definitions>>
  | readonly NewEventOf<ContractShape<Category, Definitions>>[]

/** The state of a decider or projection. */
export type StateOf<Definition extends { readonly initialState: () => unknown }> = ReturnType<
  Definition['initialState']
>

/** The commands of a decider. */
export type CommandOf<Definition extends { readonly decide: (command: never, state: never) => unknown }> =
  Parameters<Definition['decide']>[0]

/**
 * Types a decider: its events are those of its contract, its state is what `initialState` returns, its
 * commands (a union that narrows on `type`) are what `decide` takes.
 */
export function decider<
  State,
  Category extends string,
  Definitions extends EventDefinitions,
  // As parameters of their own these two are checked against types that are known by then. Inferred from
  // directly, the literals that they return would be widened, and `status: 'open'` be a string.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  Evolve extends Decider<State, unknown, Category, Definitions>['evolve'],
  Decide extends (command: never, state: State) => Decision<Category, Definitions>,
>(definition: {
  readonly events: EventContract<Category, Definitions>
  readonly initialState: () => State
  readonly evolve: Evolve
  readonly decide: Decide
}): Decider<State, Parameters<Decide>[0], Category, Definitions> {
  return definition
}
