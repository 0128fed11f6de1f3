import type {
  Backend,
  ContractHandlers,
  ContractShape,
  EventDefinitions,
  EventOf,
  HandlerContext,
  SubscribeOptions,
  Subscription,
} from '@eventspine/core'
import { DocumentProjector } from './document-projector.ts'
import type { Projection } from './projection.ts'
import { type ReadModel, readModel } from './read-model.ts'

/** Options of the subscription that feeds the projection, except those that the projection decides. */
export interface RunProjectionOptions<Native = unknown> extends Omit<
  SubscribeOptions<Native>,
  'group' | 'handlers' | 'startFrom' | 'effects'
> {
  /** Default: the projection's name. The group on the backend also carries the projection's version. */
  readonly group?: string | undefined
}

/** A projection at work: its subscription and its read model. */
export interface RunningProjection<State> extends Subscription, ReadModel<State> {
  /** Events whose effect on a document was written, and acknowledged, by this run. */
  readonly appliedEvents: number
  /** Events that were delivered to this run although they had had their effect before. */
  readonly repeatedEvents: number
}

/**
 * Runs an async projection: a consumer group that applies events to documents, from the start of the feed on,
 * and carries on where the group has stopped.
 *
 * Delivery is at least once, effects on a document are once on every backend: each document is stamped with
 * the version of every stream that fed it. A document fed by very many streams grows by one stamp each.
 *
 * @param backend - the stream to read and the documents to write, of one backend or of two.
 * @throws {@link EventStoreError} as of `subscribe`.
 */
export async function runProjection<
  State,
  Category extends string,
  Definitions extends EventDefinitions,
  Native,
>(
  backend: Pick<Backend<Native>, 'stream' | 'documents'>,
  projection: Projection<State, Category, Definitions>,
  options: RunProjectionOptions<Native> = {},
): Promise<RunningProjection<State>> {
  const { group = projection.name, ...subscribeOptions } = options
  const projector = new DocumentProjector(backend.documents, projection)
  const apply = (
    event: EventOf<ContractShape<Category, Definitions>>,
    { signal }: HandlerContext<Native>,
  ): Promise<void> => projector.apply(event, signal)
  const entries = Object.keys(projection.evolve).map((type) => [type, apply])
  // Sound: the keys are event types of the contract, which `projection` has checked.
  const handlers = Object.fromEntries(entries) as ContractHandlers<
    ContractShape<Category, Definitions>,
    Native
  >
  const subscription = await backend.stream.subscribe({
    ...subscribeOptions,
    group: `${group}@${projection.version}`,
    handlers: projection.events.handlers(handlers),
  })
  const model = readModel(backend.documents, projection)
  return {
    group: subscription.group,
    completed: subscription.completed,
    get appliedEvents() {
      return projector.applied
    },
    get repeatedEvents() {
      return projector.repeated
    },
    get: (key) => model.get(key),
    list: (listOptions) => model.list(listOptions),
    caughtUpTo: (token, waitOptions) => subscription.caughtUpTo(token, waitOptions),
    lag: () => subscription.lag(),
    stop: (stopOptions) => subscription.stop(stopOptions),
    [Symbol.asyncDispose]: () => subscription.stop(),
  }
}
