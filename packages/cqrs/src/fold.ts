import {
  type ContractShape,
  type DomainEventOf,
  type EventContract,
  type EventDefinitions,
  type EventStore,
  type Position,
  type StreamId,
} from '@eventspine/core'
import type { AsOf } from './as-of.ts'
import type { Snapshots } from './snapshots.ts'
import { foldStream } from './stream-fold.ts'

/** What a fold needs: a decider has it. */
export interface Folding<State, Category extends string, Definitions extends EventDefinitions> {
  readonly events: EventContract<Category, Definitions>
  readonly initialState: () => State
  readonly evolve: (state: State, event: DomainEventOf<ContractShape<Category, Definitions>>) => State
}

export interface FoldOptions<State = never> {
  /** Fold no further than this version, from 0, or than this time by the store's clock. Default: all. */
  readonly at?: AsOf | undefined
  /** Where folds are kept, so that only what came after has to be read. Not used for a time. */
  readonly snapshots?: Snapshots<State> | undefined
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
 * Folds a stream into its state as it is now, or as it was at a version or a time. Nothing is stored
 * but `snapshots`.
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
  options: FoldOptions<NoInfer<State>> = {},
): Promise<Folded<State>> {
  const streamId = folding.events.stream(stream)
  return foldStream({ store, folding, streamId, options, isEnd: () => false, wantedId: undefined })
}
