import {
  type ContractShape,
  type EventDefinitions,
  type EventMetadata,
  type EventStore,
  invalidArgument,
  type RecordedEvent,
  type StreamId,
  type ValidEventOf,
} from '@eventspine/core'
import { eventIdOf } from './command-id.ts'
import type { CommittedEventOf } from './committed-event.ts'
import type { Decider } from './decider.ts'
import type { Folded } from './fold.ts'
import type { Snapshots } from './snapshots.ts'
import { foldStream } from './stream-fold.ts'

export interface HandlingContext<State, Category extends string> {
  readonly streamId: StreamId<Category>
  readonly commandId: string
  readonly metadata: EventMetadata
  readonly signal: AbortSignal | undefined
  readonly snapshots: Snapshots<State> | undefined
}

/** One command on one stream, through as many tries as it takes. */
export class Handling<State, Command, Category extends string, Definitions extends EventDefinitions> {
  readonly #store: Pick<EventStore, 'append' | 'read' | 'head'>
  readonly #decider: Decider<State, Command, Category, Definitions>
  readonly #context: HandlingContext<State, Category>

  constructor(
    store: Pick<EventStore, 'append' | 'read' | 'head'>,
    decider: Decider<State, Command, Category, Definitions>,
    context: HandlingContext<State, Category>,
  ) {
    this.#store = store
    this.#decider = decider
    this.#context = context
  }

  /**
   * Folds the stream. Where the command was handled before, `first` has its events as they are read today, and
   * the fold ends behind them: the result is then the first one, whatever came after.
   */
  async load(): Promise<
    Folded<State> & { readonly first: readonly CommittedEventOf<Category, Definitions>[] | undefined }
  > {
    let first: CommittedEventOf<Category, Definitions>[] | undefined
    let found = 0
    let wanted = this.#eventId(0)
    // Events of one command were one commit, so they stand together.
    const isBehindFirst = (stored: RecordedEvent): boolean => {
      if (stored.id !== wanted) return found > 0
      first ??= []
      for (const event of this.#decider.events.current(stored)) {
        const { id, type, schemaVersion, streamId, streamPosition, data, metadata } = event
        first.push({ id, type, schemaVersion, streamId, streamPosition, data, metadata })
      }
      found++
      wanted = this.#eventId(found)
      return false
    }
    const { streamId, signal, snapshots } = this.#context
    const folded = await foldStream({
      store: this.#store,
      folding: this.#decider,
      streamId,
      options: { signal, snapshots },
      isEnd: isBehindFirst,
      wantedId: wanted,
    })
    return { ...folded, first }
  }

  /** The events to append, valid, and the state after them: an event that cannot be folded must not be stored. */
  async decide(
    command: Command,
    before: State,
  ): Promise<{
    readonly events: readonly ValidEventOf<ContractShape<Category, Definitions>>[]
    readonly state: State
  }> {
    const { events: contract, decide, evolve } = this.#decider
    const decided = decide(command, before)
    const list = isList(decided) ? decided : [decided]
    const events = await contract.validate(list.map((event, index) => this.#identified(event, index)))
    let state = before
    for (const event of events) state = evolve(state, event)
    return { events, state }
  }

  /** The events as they stand in the stream, behind version `before`. */
  committed(
    events: readonly ValidEventOf<ContractShape<Category, Definitions>>[],
    before: number,
  ): readonly CommittedEventOf<Category, Definitions>[] {
    const { streamId } = this.#context
    return events.map(({ type, schemaVersion, data, metadata = {} }, index) => {
      const place = { id: this.#eventId(index), streamId, streamPosition: before + 1 + index }
      return { ...place, type, schemaVersion, data, metadata }
    })
  }

  #identified<Event extends { readonly id?: string; readonly metadata?: EventMetadata }>(
    event: Event,
    index: number,
  ): Event {
    if (event?.id !== undefined)
      throw invalidArgument(`events[${index}].id`, "is derived from the command's id: give none")
    const { commandId, metadata } = this.#context
    const { correlationId = commandId } = metadata
    const own = { ...metadata, ...event?.metadata, correlationId, causationId: commandId }
    return { ...event, id: this.#eventId(index), metadata: own }
  }

  #eventId(index: number): string {
    const { streamId, commandId } = this.#context
    return eventIdOf(streamId, commandId, index)
  }
}

/** `Array.isArray` takes readonly arrays for mutable ones of anything. */
function isList<Item>(value: Item | readonly Item[]): value is readonly Item[] {
  return Array.isArray(value)
}
