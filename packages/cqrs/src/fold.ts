import {
  type ContractShape,
  type DomainEventOf,
  type EventContract,
  type EventDefinitions,
  EventStoreError,
  type EventStore,
  type Position,
  type RecordedEvent,
  type StreamId,
} from '@eventspine/core'
import { type AsOf, Horizon } from './as-of.ts'

/** What a fold needs: a decider has it. */
export interface Folding<State, Category extends string, Definitions extends EventDefinitions> {
  readonly events: EventContract<Category, Definitions>
  readonly initialState: () => State
  readonly evolve: (state: State, event: DomainEventOf<ContractShape<Category, Definitions>>) => State
}

export interface FoldOptions {
  /** Fold no further than this version, from 0, or than this time by the store's clock. Default: all. */
  readonly at?: AsOf | undefined
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
 * Folds a stream into its state as it is now, or as it was at a version or a time. Nothing is stored.
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

/**
 * {@link fold} that ends before the first stored event for which `isEnd` holds. It is asked once an event, in
 * order. What is folded is what the contract reads each as; places and versions are those of what was stored.
 */
export async function foldUntil<State, Category extends string, Definitions extends EventDefinitions>(
  store: Pick<EventStore, 'append' | 'read' | 'head'>,
  { events, initialState, evolve }: Folding<State, Category, Definitions>,
  stream: StreamId<Category>,
  { at, signal }: FoldOptions,
  isEnd: (stored: RecordedEvent) => boolean,
): Promise<Folded<State>> {
  let state = initialState()
  let version = 0
  let last: RecordedEvent | undefined
  const horizon = new Horizon(at, 'at')
  for await (const page of store.read(events.stream(stream), { to: horizon.to, signal }).pages()) {
    for (const stored of page) {
      if (horizon.isBefore(stored) || isEnd(stored)) return { state, version, position: last?.position }
      if (stored.streamPosition !== version + 1) throw truncated(stored.streamId, stored.streamPosition)
      for (const event of events.current(stored)) state = evolve(state, event)
      version = stored.streamPosition
      last = stored
    }
  }
  return { state, version, position: last?.position }
}

export function truncated(streamId: string, firstVersion: number): EventStoreError<'POSITION_EXPIRED'> {
  return new EventStoreError(
    'POSITION_EXPIRED',
    `stream ${JSON.stringify(streamId)} was truncated to version ${firstVersion}: its state needs the events before`,
    { field: 'stream' },
  )
}
