import type { Backend, ContractShape, Subscription } from '@eventspine/core'
import { DocumentTarget } from './document-target.ts'
import type { Projection } from './projection.ts'
import { collectionOf } from './projection-build.ts'
import { type BuildOptions, type ConsumeOptions, ProjectionRun, withDefaults } from './projection-run.ts'
import { modelOfBuild, type ReadModel } from './read-model.ts'

/** Options of the subscription that feeds the projection, except those that the projection decides. */
export interface RunProjectionOptions<Native = unknown> extends ConsumeOptions<Native>, BuildOptions {
  /** Default: the projection's name. The group on the backend also carries the projection's version. */
  readonly group?: string | undefined
}

/** A projection at work: its subscription, and the documents that it writes. */
export interface RunningProjection<State> extends Subscription, ReadModel<State> {
  /** Events whose effect on a document was written, and acknowledged, by this run. */
  readonly appliedEvents: number
  /** Events that were delivered to this run although they had had their effect before. */
  readonly repeatedEvents: number
  /** Another version serves while this one is being built beside it. */
  readonly rebuilding: boolean
}

/**
 * Runs an async projection: a consumer group that applies events to documents, from the start of the feed on,
 * and carries on where the group has stopped.
 *
 * Delivery is at least once, effects on a document are once on every backend: each document is stamped with
 * the version of every stream that fed it. A document fed by very many streams grows by one stamp each.
 *
 * A version that is not the one that serves is noticed: a newer one is built beside it, from the start of the
 * feed, and serves in one step when it has caught up; the old one is then dropped. The run goes over to a build
 * that was swapped in elsewhere, and ends with `STORE_INCOMPATIBLE` when its version is no longer kept.
 *
 * @param backend - the stream to read and the documents to write, of one backend or of two.
 * @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: the documents of this version were derived by another
 *   definition, or were replaced by a newer version. Else as of `subscribe`.
 */
export async function runProjection<State, Contract extends ContractShape, Native>(
  backend: Pick<Backend<Native>, 'stream' | 'documents'>,
  projection: Projection<State, Contract>,
  options: RunProjectionOptions<Native> = {},
): Promise<RunningProjection<State>> {
  const { group = projection.name, watchMs, maxBehindMs, keepOld, dropGraceMs, ...subscribe } = options
  const target = new DocumentTarget<State, Contract, Native>(backend.documents, projection)
  const builds = withDefaults({ watchMs, maxBehindMs, keepOld, dropGraceMs })
  const run = await ProjectionRun.start({ backend, target, group, options: subscribe, builds })
  const model = (): ReadModel<State> =>
    modelOfBuild(backend.documents, collectionOf(projection.name, run.current.build))
  return {
    completed: run.completed,
    get group() {
      return run.current.subscription.group
    },
    get rebuilding() {
      return run.current.rebuilding
    },
    get appliedEvents() {
      return target.appliedEvents
    },
    get repeatedEvents() {
      return target.repeatedEvents
    },
    get: (key) => model().get(key),
    list: (listOptions) => model().list(listOptions),
    caughtUpTo: (token, waitOptions) => run.caughtUpTo(token, waitOptions),
    lag: () => run.current.subscription.lag(),
    stop: (stopOptions) => run.stop(stopOptions),
    [Symbol.asyncDispose]: () => run.stop(),
  }
}
