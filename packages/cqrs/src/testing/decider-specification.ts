import type { ContractShape, DomainEventOf, EventDefinitions, NewEvent, ValidEventOf } from '@eventspine/core'
import { isDeepStrictEqual } from 'node:util'
import type { Decider, Decision } from '../decider.ts'
import { DomainError } from '../domain-error.ts'
import { frozen } from './frozen.ts'
import { asStored } from './given-event.ts'
import { History } from './history.ts'
import { rejectIfAwaited } from './reject-if-awaited.ts'
import { expectEqual, specificationFailure } from './specification-failure.ts'

/** An event as a service wrote it whose contract was older. */
export interface OlderEvent extends NewEvent {
  readonly schemaVersion: number
}

/** What happened to an aggregate before. */
export interface DeciderGiven<State, Command, Category extends string, Definitions extends EventDefinitions> {
  /** The command that the decider is to decide. */
  when(command: Command): DeciderOutcome<State, Category, Definitions>
  /** The state that follows from what happened, strictly equal. */
  thenState(expected: State): Promise<void>
}

/**
 * What a decision is held to. Each method runs the decider, and rejects with an `AssertionError` that shows the
 * difference. A decider that changes its arguments fails where it does, and one that decides the same command on
 * the same state in two ways, too.
 */
export interface DeciderOutcome<State, Category extends string, Definitions extends EventDefinitions> {
  /**
   * Exactly this event, or these in this order; an empty list: nothing happened. What an expected event does not
   * say, such as metadata, is not compared.
   */
  then(expected: Decision<Category, Definitions>): Promise<void>
  /** A domain error of this code; with `data`, also that. */
  thenRefused(code: string, data?: unknown): Promise<void>
  /** Any other error, which `isExpected` recognises. */
  thenThrows(isExpected: (error: unknown) => boolean): Promise<void>
  /** The state after the decided events, strictly equal. */
  thenState(expected: State): Promise<void>
}

type Valid<Category extends string, Definitions extends EventDefinitions> = readonly ValidEventOf<
  ContractShape<Category, Definitions>
>[]

/** The state before a command, and the events that it led to. */
interface Decided<State, Category extends string, Definitions extends EventDefinitions> {
  readonly state: State
  readonly events: Valid<Category, Definitions>
}

/** One specification of a decider. */
export class DeciderSpecification<
  State,
  Command,
  Category extends string,
  Definitions extends EventDefinitions,
> implements DeciderGiven<State, Command, Category, Definitions> {
  readonly #decider: Decider<State, Command, Category, Definitions>
  readonly #events: readonly NewEvent[]

  constructor(decider: Decider<State, Command, Category, Definitions>, events: readonly NewEvent[]) {
    this.#decider = decider
    this.#events = events
  }

  when(command: Command): DeciderOutcome<State, Category, Definitions> {
    return {
      // A specification reads given, when, then. What awaiting it would do is caught first.
      // oxlint-disable-next-line unicorn/no-thenable
      then: async (...args) => {
        if (rejectIfAwaited(args)) return
        const expected = asList(args[0])
        const { events } = await this.#accepted(command)
        const wanted = await this.#decider.events.validate(expected)
        const keys = expected.map((event) => Object.keys(event))
        expectEqual(shown(events, keys), shown(wanted, keys), `${nameOf(command)} led to other events`)
      },
      thenRefused: async (code, ...data) => {
        const error = await this.#thrown(command)
        if (!DomainError.is(error)) throw error
        expectEqual(error.code, code, `${nameOf(command)} was refused by another rule: ${error.message}`)
        if (data.length > 0) expectEqual(error.data, data[0], `${code} came with other data`)
      },
      thenThrows: async (isExpected) => {
        const error = await this.#thrown(command)
        if (isExpected(error)) return
        throw specificationFailure(`${nameOf(command)} threw another error`, { cause: error })
      },
      thenState: async (expected) => {
        const { events, state } = await this.#accepted(command)
        const after = events.reduce((current, event) => this.#evolve(current, asFact(event)), state)
        expectEqual(after, expected, `${nameOf(command)} led to another state`)
      },
    }
  }

  async thenState(expected: State): Promise<void> {
    expectEqual(await this.#state(), expected, 'the events led to another state')
  }

  async #state(): Promise<State> {
    const { events: contract, initialState } = this.#decider
    const history = new History([contract])
    const stored = await history.store({ streamId: contract.stream('1'), events: this.#events })
    return stored
      .flatMap((event) => contract.current(event))
      .reduce((state, event) => this.#evolve(state, event), frozen(initialState()))
  }

  #evolve(state: State, event: DomainEventOf<ContractShape<Category, Definitions>>): State {
    return frozen(this.#decider.evolve(state, event))
  }

  async #decide(command: Command): Promise<Decided<State, Category, Definitions>> {
    const { decide, events: contract } = this.#decider
    const state = await this.#state()
    const decided = asList(decide(frozen(command), state))
    const again = asList(decide(command, state))
    if (!isDeepStrictEqual(decided, again)) {
      // A command handler decides again when another writer was faster.
      expectEqual(again, decided, `${nameOf(command)} was decided in another way the second time`)
    }
    return { state, events: await contract.validate(decided) }
  }

  async #accepted(command: Command): Promise<Decided<State, Category, Definitions>> {
    try {
      return await this.#decide(command)
    } catch (error) {
      if (!DomainError.is(error)) throw error
      const message = `${nameOf(command)} was refused by ${error.code}: ${error.message}`
      throw specificationFailure(message, { cause: error })
    }
  }

  async #thrown(command: Command): Promise<unknown> {
    let events: Valid<Category, Definitions>
    try {
      events = (await this.#decide(command)).events
    } catch (error) {
      return error
    }
    throw specificationFailure(`${nameOf(command)} was not refused: it led to ${listOf(events)}`, {
      actual: shown(events, []),
    })
  }
}

/** `Array.isArray` takes readonly arrays for mutable ones of anything. */
function asList<Item>(value: Item | readonly Item[]): readonly Item[] {
  return isList(value) ? value : [value]
}

function isList<Item>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value)
}

function asFact<Event extends { readonly data: unknown }>(event: Event): Event {
  return { ...event, data: asStored(event.data) }
}

/** Type and data, and of the rest what the expected event at the same place names. */
function shown(events: readonly NewEvent[], keys: readonly (readonly string[])[]): readonly unknown[] {
  return events.map(({ type, data, ...rest }, index) => {
    const named = Object.entries(rest).filter(
      ([key]) => key !== 'schemaVersion' && keys[index]?.includes(key) === true,
    )
    return { type, data: asStored(data), ...Object.fromEntries(named) }
  })
}

function nameOf(command: unknown): string {
  const type = typeof command === 'object' && command !== null && 'type' in command ? command.type : undefined
  return typeof type === 'string' ? type : 'the command'
}

function listOf(events: readonly NewEvent[]): string {
  return events.length === 0 ? 'nothing' : events.map(({ type }) => type).join(', ')
}
