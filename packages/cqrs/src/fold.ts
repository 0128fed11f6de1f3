import {
  type ContractShape,
  type DomainEventOf,
  type EventContract,
  type EventDefinitions,
  type EventOf,
  EventStoreError,
  type EventStore,
  type Position,
  type StreamId,
} from '@eventspine/core'

/** What a fold needs: a decider has it. */
export interface Folding<State, Category extends string, Definitions extends EventDefinitions> {
  readonly events: EventContract<Category, Definitions>
  readonly initialState: () => State
  readonly evolve: (state: State, event: DomainEventOf<ContractShape<Category, Definitions>>) => State
}

export interface FoldOptions {
  /** Fold no further than this version, from 0. Default: all. */
  readonly at?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A stream's state, and how far it was folded. */
export interface Folded<State> {
  readonly state: State
  /** Of the last event folded; 0 when there was none. */
  readonly version: number
  /** Of the last event folded; `undefined` when there was none. */
  readonly position: Position | undefined
}

/**
 * A live projection: folds a stream into its state as it is now, or as it was at a version. Nothing is stored.
 * A stream that is missing, deleted, or shorter than `at` is folded as far as it goes: `version` tells.
 *
 * @param stream - the id within the category, or the whole stream id.
 * @throws {@link EventStoreError} `POSITION_EXPIRED`: the stream was truncated, so its state cannot be told;
 *   `SCHEMA_MISMATCH`: it holds an event that the contract does not know. Else as of a read.
 */
export async function fold<
  State,
  Category extends string,
  Definitions extends EventDefinitions,
  // A parameter of its own, as in `decider`: inferred from directly, the literals it returns would be widened.
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
  Evolve extends Folding<State, Category, Definitions>['evolve'],
>(
  store: Pick<EventStore, 'append' | 'read' | 'head'>,
  folding: Omit<Folding<State, Category, Definitions>, 'evolve'> & { readonly evolve: Evolve },
  stream: StreamId<Category>,
  options: FoldOptions = {},
): Promise<Folded<State>> {
  return foldUntil(store, folding, stream, options, () => false)
}

/** {@link fold} that ends before the first event for which `isEnd` holds. It is asked once an event, in order. */
export async function foldUntil<State, Category extends string, Definitions extends EventDefinitions>(
  store: Pick<EventStore, 'append' | 'read' | 'head'>,
  { events, initialState, evolve }: Folding<State, Category, Definitions>,
  stream: StreamId<Category>,
  { at, signal }: FoldOptions,
  isEnd: (event: EventOf<ContractShape<Category, Definitions>>) => boolean,
): Promise<Folded<State>> {
  let state = initialState()
  let version = 0
  let last: EventOf<ContractShape<Category, Definitions>> | undefined
  for await (const page of events.store(store).read(stream, { to: at, signal }).pages()) {
    for (const event of page) {
      if (isEnd(event)) return { state, version, position: last?.position }
      if (event.streamPosition !== version + 1) throw truncated(event.streamId, event.streamPosition)
      state = evolve(state, event)
      version = event.streamPosition
      last = event
    }
  }
  return { state, version, position: last?.position }
}

function truncated(streamId: string, firstVersion: number): EventStoreError<'POSITION_EXPIRED'> {
  return new EventStoreError(
    'POSITION_EXPIRED',
    `stream ${JSON.stringify(streamId)} was truncated to version ${firstVersion}: its state needs the events before`,
    { field: 'stream' },
  )
}
