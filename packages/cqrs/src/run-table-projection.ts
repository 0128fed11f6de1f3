import type { Backend, Subscription } from '@eventspine/core'
import { ProjectionRun, withDefaults } from './projection-run.ts'
import {
  type DropVersionOptions,
  rebuild,
  type RebuildOptions,
  type Rebuilt,
  release,
} from './rebuild-projection.ts'
import type { RunProjectionOptions } from './run-projection.ts'
import type { SqlClient, TableProjection } from './table-projection.ts'
import { TableTarget } from './table-target.ts'

/** A projection into tables at work. */
export interface RunningTableProjection extends Subscription {
  /** Another version serves while this one is being built beside it. */
  readonly rebuilding: boolean
}

/**
 * Runs a projection into tables as {@link runProjection} runs one into documents: each event within the
 * transaction that also moves the checkpoint, so that its effect is there exactly once.
 *
 * @throws {@link EventStoreError} `NOT_SUPPORTED`: the backend shares no transaction with tables; before any I/O.
 *   Else as of `runProjection`, and of what `create` does.
 */
export async function runTableProjection<Client extends SqlClient, Table extends string>(
  backend: Backend<Client>,
  projection: TableProjection<Client, Table>,
  options: Omit<RunProjectionOptions<Client>, 'group'> = {},
): Promise<RunningTableProjection> {
  const { watchMs, maxBehindMs, keepOld, dropGraceMs, ...subscribe } = options
  const target = new TableTarget(backend, projection)
  const builds = withDefaults({ watchMs, maxBehindMs, keepOld, dropGraceMs })
  const run = await ProjectionRun.start({
    backend,
    target,
    group: projection.name,
    options: subscribe,
    builds,
  })
  return {
    completed: run.completed,
    get group() {
      return run.current.subscription.group
    },
    get rebuilding() {
      return run.current.rebuilding
    },
    caughtUpTo: (token, waitOptions) => run.caughtUpTo(token, waitOptions),
    lag: () => run.current.subscription.lag(),
    stop: (stopOptions) => run.stop(stopOptions),
    [Symbol.asyncDispose]: () => run.stop(),
  }
}

/**
 * Derives the tables of a projection anew as {@link rebuildProjection} derives documents; the views go over to them
 * in one transaction, for whoever reads them in SQL.
 *
 * @throws {@link EventStoreError} as of `runTableProjection` and `rebuildProjection`.
 */
export async function rebuildTableProjection<Client extends SqlClient, Table extends string>(
  backend: Backend<Client>,
  projection: TableProjection<Client, Table>,
  options: RebuildOptions<Client> = {},
): Promise<Rebuilt> {
  return rebuild(backend, new TableTarget(backend, projection), options)
}

/** Drops the tables of a version that `keepOld` has kept. */
export async function dropTableVersion<Client extends SqlClient, Table extends string>(
  backend: Backend<Client>,
  projection: TableProjection<Client, Table>,
  version: number,
  options: DropVersionOptions = {},
): Promise<void> {
  await release(backend, new TableTarget(backend, projection), { version, ...options })
}
