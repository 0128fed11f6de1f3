import {
  EventStoreError,
  type Handler,
  type HandlerMap,
  invalidArgument,
  type RecordedEvent,
} from '@eventspine/core'
import type { ProjectedContract, ProjectedEvent, ProjectedEventOf, ProjectedType } from '../projection.ts'
import type { ProcessContext, Reaction, Receivers, Refusal, Timeout } from './reaction.ts'

/** What a process does about each type of event; types left out pass by. `undefined`: nothing. */
export type Reactions<State, Contract extends ProjectedContract, To extends Receivers> = {
  readonly [Type in ProjectedType<Contract>]?: (
    state: State,
    event: ProjectedEventOf<Contract, Type>,
    context: ProcessContext,
  ) => Reaction<State, To> | undefined
}

/** Which process an event of a type concerns; `undefined`: none. */
export type ProcessKeys<Contract extends ProjectedContract> = {
  readonly [Type in ProjectedType<Contract>]?: (event: ProjectedEventOf<Contract, Type>) => string | undefined
}

/** What {@link processManager} takes: the state's type is that of `initialState`. */
export interface ProcessDefinition<State, Contract extends ProjectedContract, To extends Receivers> {
  /** 1 to 64 letters, digits, `-`, `_` or `.`: names its documents, its consumer group and its commands, for good. */
  readonly name: string
  /** The contract whose events it takes; several as a list. */
  readonly events: Contract | readonly Contract[]
  /** Who takes its commands: deciders by names of your choice, and {@link external} ones. */
  readonly receivers: To
  /**
   * Which process an event concerns, by event type: text of 1 to 255 bytes. Default for a type: the process whose
   * command led to the event, none for all other events.
   */
  readonly keys?: ProcessKeys<Contract> | undefined
  /** The state of a process before its first event. JSON. */
  readonly initialState: () => State
  /**
   * What follows from each type of event. Pure, as are `onTimeout` and `onRefused`: each is called again when
   * another process was faster. A process begins with the first event that it has a reaction to.
   */
  readonly react: Reactions<State, Contract, To>
  /** What follows from each timeout, by its name. */
  readonly onTimeout?:
    | Readonly<
        Record<
          string,
          (state: State, timeout: Timeout, context: ProcessContext) => Reaction<State, To> | undefined
        >
      >
    | undefined
  /** What follows from a command that was refused: nothing else tells. */
  readonly onRefused: (
    state: State,
    refusal: Refusal<To>,
    context: ProcessContext,
  ) => Reaction<State, To> | undefined
}

/** Something that happens to a process. */
export type ProcessInput<Contract extends ProjectedContract, To extends Receivers> =
  | { readonly kind: 'event'; readonly event: ProjectedEvent<Contract> }
  | { readonly kind: 'timeout'; readonly timeout: Timeout }
  | { readonly kind: 'refused'; readonly refusal: Refusal<To> }

/** Events in, commands and timeouts out: one process for each key. Made by {@link processManager}. */
export interface ProcessManager<
  State,
  Contract extends ProjectedContract = ProjectedContract,
  To extends Receivers = Receivers,
> extends ProcessDefinition<State, Contract, To> {
  readonly contracts: readonly Contract[]
  /** Of `onTimeout`. */
  readonly timeoutNames: readonly string[]
  /** The handlers of a consumer that gives every event with a reaction to `take`. */
  handlers<Native>(take: Handler<Native, ProjectedEvent<Contract>>): readonly HandlerMap<Native>[]
  /** The key of the process that an event concerns. */
  keyOf(event: ProjectedEvent<Contract>): string | undefined
  /**
   * What follows from an input; `undefined`: nothing. Writes nothing and sends nothing.
   *
   * @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: a timeout that `onTimeout` does not know. Else what the
   *   reaction throws.
   */
  reactionTo(
    state: State,
    input: ProcessInput<Contract, To>,
    context: ProcessContext,
  ): Reaction<State, To> | undefined
}

const NAME = /^[\w.-]{1,64}$/

/**
 * Defines a process manager: what a business process does about events, timeouts and refused commands. It is
 * run by {@link runProcess}.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` naming what is no name or event type.
 */
export function processManager<
  State,
  Contract extends ProjectedContract,
  To extends Receivers,
  // Parameters of their own, as in `decider`: inferred from directly, the literals they return would be widened.
  React extends Reactions<State, Contract, To>,
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  OnTimeout extends ProcessDefinition<State, Contract, To>['onTimeout'],
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  OnRefused extends ProcessDefinition<State, Contract, To>['onRefused'],
>(
  definition: Omit<ProcessDefinition<State, Contract, To>, 'react' | 'onTimeout' | 'onRefused'> & {
    readonly react: React &
      NoInfer<{ readonly [Type in Exclude<keyof React, ProjectedType<Contract>>]: never }>
    readonly onTimeout?: OnTimeout
    readonly onRefused: OnRefused
  },
): ProcessManager<State, Contract, To> {
  const { name, events, keys = {}, onRefused } = definition
  const onTimeout: NonNullable<ProcessDefinition<State, Contract, To>['onTimeout']> =
    definition.onTimeout ?? {}
  // Sound: a list is told from a contract, which is no array.
  const contracts = (Array.isArray(events) ? events : [events]) as readonly Contract[]
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw invalidArgument('name', 'must be 1 to 64 letters, digits, "-", "_" or "."')
  }
  if (contracts.length === 0) throw invalidArgument('events', 'must name at least one contract')
  for (const [field, types] of [
    ['react', Object.keys(definition.react)],
    ['keys', Object.keys(keys)],
  ] as const) {
    for (const type of types) {
      if (contracts.some(({ definitions }) => Object.hasOwn(definitions, type))) continue
      throw invalidArgument(`${field}.${type}`, 'is not an event of the contracts')
    }
  }
  // Sound: the entry under a type takes events of that type, and is looked up by the event's own.
  const reactions = new Map(Object.entries<AnyReaction<State, To>>(definition.react))
  const keysByType = new Map(Object.entries<(event: unknown) => string | undefined>(keys))
  return {
    ...definition,
    contracts,
    timeoutNames: Object.keys(onTimeout),
    handlers: <Native>(take: Handler<Native, ProjectedEvent<Contract>>) =>
      contracts.map((contract) => {
        const own = [...reactions.keys()].filter((type) => Object.hasOwn(contract.definitions, type))
        // Sound: a contract gives its handlers events of its own category and types alone.
        const handler = take as unknown as Handler<Native>
        return contract.handlers(Object.fromEntries(own.map((type) => [type, handler])))
      }),
    keyOf: (event) => {
      const keyOf = keysByType.get(event.type)
      return keyOf === undefined ? senderOf(name, event) : keyOf(event)
    },
    reactionTo: (state, input, context) => {
      switch (input.kind) {
        case 'event':
          return reactions.get(input.event.type)?.(state, input.event, context)
        case 'timeout': {
          const { timeout } = input
          const reaction = Object.hasOwn(onTimeout, timeout.name) ? onTimeout[timeout.name] : undefined
          // A newer version of the service has set it, and must have it when this one is gone.
          if (reaction === undefined) throw unknownTimeout(name, timeout.name)
          return reaction(state, timeout, context)
        }
        case 'refused':
          return onRefused(state, input.refusal, context)
      }
    },
  }
}

type AnyReaction<State, To extends Receivers> = (
  state: State,
  event: unknown,
  context: ProcessContext,
) => Reaction<State, To> | undefined

function unknownTimeout(process: string, timeout: string): EventStoreError<'STORE_INCOMPATIBLE'> {
  const what = `timeout ${JSON.stringify(timeout)} of process "${process}"`
  return new EventStoreError('STORE_INCOMPATIBLE', `${what} is unknown to this version of the service`)
}

/** What commands of a process leave in the metadata of their events, under `process`. */
export interface ProcessMark {
  readonly name: string
  readonly key: string
}

/** The key of the process whose command led to an event, if it was one of this name. */
function senderOf(name: string, event: RecordedEvent): string | undefined {
  const mark = event.metadata['process']
  if (typeof mark !== 'object' || mark === null) return undefined
  // Sound: what is absent is `undefined`, and both are checked.
  const { name: sender, key } = mark as Partial<Record<keyof ProcessMark, unknown>>
  return sender === name && typeof key === 'string' ? key : undefined
}
