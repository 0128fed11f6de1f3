import { type Backend, type ContractShape, EventStoreError } from '@eventspine/core'
import { catchUp, type RebuildProgress } from './catch-up.ts'
import { DocumentTarget } from './document-target.ts'
import { dropBuilds } from './drop-build.ts'
import type { Projection } from './projection.ts'
import { groupOf, isSameBuild } from './projection-build.ts'
import { building, entered, ProjectionCatalogue, released } from './projection-catalogue.ts'
import { type BuildOptions, type ConsumeOptions, startBuild, withDefaults } from './projection-run.ts'
import type { ProjectionTarget } from './projection-target.ts'

export interface RebuildOptions<Native = unknown> extends ConsumeOptions<Native>, BuildOptions {
  /** Told every `watchMs` how far it is. Must not throw. */
  readonly onProgress?: ((progress: RebuildProgress) => void) | undefined
}

/** What a rebuild led to. */
export interface Rebuilt {
  readonly version: number
  /** Of the build that serves now. */
  readonly build: number
}

/**
 * Derives all documents of a projection anew, beside those that serve: from the start of the feed, until it has
 * caught up; then they serve, in one step, and the old ones are dropped. Readers and runs of this version, in
 * every process, go over by themselves. Changes are not told of meanwhile (`onChange`).
 *
 * It can be killed at any step and called again: it goes on where it was, and several at once share the work.
 * The memory it takes is bounded by `maxInFlightEvents`.
 *
 * @throws {@link EventStoreError} `CONSUMER_STOPPED`: an event failed, and `onFailure` is `stop`, the default
 *   here; the old documents go on serving. `ABORTED`: `signal` aborted. `STORE_INCOMPATIBLE`: a newer version is
 *   being built. Else as of `subscribe`.
 */
export async function rebuildProjection<State, Contract extends ContractShape, Native>(
  backend: Pick<Backend<Native>, 'stream' | 'documents'>,
  projection: Projection<State, Contract>,
  options: RebuildOptions<Native> = {},
): Promise<Rebuilt> {
  return rebuild(backend, new DocumentTarget<State, Contract, Native>(backend.documents, projection), options)
}

/** {@link rebuildProjection} of whatever is built. */
export async function rebuild<Native>(
  backend: Pick<Backend<Native>, 'stream' | 'documents'>,
  target: ProjectionTarget<Native>,
  options: RebuildOptions<Native>,
): Promise<Rebuilt> {
  const { onProgress, watchMs = 250, maxBehindMs, keepOld, dropGraceMs, signal, ...rest } = options
  const { definition } = target
  const builds = withDefaults({ watchMs, maxBehindMs, keepOld, dropGraceMs })
  const subscribe = { concurrency: 32, maxInFlightEvents: 2000, onFailure: 'stop' as const, ...rest }
  const catalogue = new ProjectionCatalogue(backend.documents, definition.name)
  const record = await catalogue.update((before) =>
    before === undefined ? entered(before, definition) : building(before, definition),
  )
  const build = record.building ?? record.serving
  const context = { backend, target, group: definition.name, options: subscribe, builds }
  const running = await startBuild(context, build, record.building !== null)
  const ended = new AbortController()
  const end = (): void => ended.abort()
  signal?.addEventListener('abort', end)
  if (signal?.aborted === true) end()
  running.subscription.completed.then(end, end)
  try {
    const isThere = await catchUp({
      group: backend.stream.group(groupOf(definition.name, build)),
      pollMs: builds.watchMs,
      maxBehindMs: builds.maxBehindMs,
      signal: ended.signal,
      isOver: async () => isSameBuild((await catalogue.read())?.serving, build) && record.building !== null,
      onProgress,
    })
    if (!isThere) {
      if (signal?.aborted !== true) await running.subscription.completed
      throw new EventStoreError('ABORTED', `the rebuild of ${definition.name} was stopped`, {
        cause: signal?.reason,
      })
    }
    await target.promote(build, builds.keepOld)
  } finally {
    signal?.removeEventListener('abort', end)
    await running.subscription.stop()
  }
  const drop = {
    name: definition.name,
    graceMs: builds.dropGraceMs,
    pollMs: builds.watchMs,
    signal: signal ?? new AbortController().signal,
  }
  await dropBuilds(backend, drop, target)
  return { version: build.version, build: build.number }
}

/**
 * Drops a version that `keepOld` has kept: its readers and runs are refused from then on.
 *
 * @param projection - any version's definition.
 */
export async function dropVersion<State, Contract extends ContractShape, Native>(
  backend: Pick<Backend<Native>, 'stream' | 'documents'>,
  projection: Projection<State, Contract>,
  version: number,
  options: DropVersionOptions = {},
): Promise<void> {
  await release(backend, new DocumentTarget<State, Contract, Native>(backend.documents, projection), {
    version,
    ...options,
  })
}

export interface DropVersionOptions extends Pick<BuildOptions, 'dropGraceMs' | 'watchMs'> {
  readonly signal?: AbortSignal | undefined
}

/** {@link dropVersion} of whatever is built. */
export async function release<Native>(
  backend: Pick<Backend<Native>, 'stream' | 'documents'>,
  target: ProjectionTarget<Native>,
  { version, signal = new AbortController().signal, ...options }: DropVersionOptions & { version: number },
): Promise<void> {
  const { watchMs, dropGraceMs } = withDefaults(options)
  const { name } = target.definition
  const catalogue = new ProjectionCatalogue(backend.documents, name)
  const record = await catalogue.read()
  if (record === undefined) return
  await catalogue.update((before) => released(before ?? record, version))
  await dropBuilds(backend, { name, graceMs: dropGraceMs, pollMs: watchMs, signal }, target)
}
