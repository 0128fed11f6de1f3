import {
  abortableDelay,
  type Backend,
  EventStoreError,
  isTransient,
  type SubscribeOptions,
  type Subscription,
  type Token,
} from '@eventspine/core'
import { catchUp } from './catch-up.ts'
import { dropBuilds } from './drop-build.ts'
import { type Build, groupOf, isSameBuild } from './projection-build.ts'
import { buildOf, entered, incompatible, ProjectionCatalogue } from './projection-catalogue.ts'
import type { ProjectionTarget } from './projection-target.ts'

const DEFAULT_TIMEOUT_MS = 30_000

/** How a run deals with builds. */
export interface BuildOptions {
  /** Milliseconds between two looks at which build serves. Default 1,000. */
  readonly watchMs?: number | undefined
  /** A build may serve once it gets to the head of the feed within so many milliseconds. Default 5,000. */
  readonly maxBehindMs?: number | undefined
  /** Keep the version that was replaced for those who still read it, until {@link dropVersion}. Default `false`. */
  readonly keepOld?: boolean | undefined
  /** Milliseconds that consumers of a replaced build are given to end before it is dropped. Default 10,000. */
  readonly dropGraceMs?: number | undefined
}

/** What a projection's subscription may be told: all but what the projection decides. */
export type ConsumeOptions<Native> = Omit<
  SubscribeOptions<Native>,
  'group' | 'handlers' | 'startFrom' | 'effects' | 'ordering'
>

/** What a projection runs on. */
export interface RunContext<Native> {
  readonly backend: Pick<Backend<Native>, 'stream' | 'documents'>
  readonly target: ProjectionTarget<Native>
  /** Name of the consumer group, without the build's. */
  readonly group: string
  readonly options: ConsumeOptions<Native>
  readonly builds: ReturnType<typeof withDefaults>
}

export function withDefaults({
  watchMs = 1000,
  maxBehindMs = 5000,
  keepOld = false,
  dropGraceMs = 10_000,
}: BuildOptions) {
  return { watchMs, maxBehindMs, keepOld, dropGraceMs }
}

/** A build that events are applied to. */
export interface RunningBuild {
  readonly build: Build
  readonly subscription: Subscription
  rebuilding: boolean
}

/** Starts applying events to a build. */
export async function startBuild<Native>(
  { backend, target, group, options }: RunContext<Native>,
  build: Build,
  rebuilding: boolean,
): Promise<RunningBuild> {
  await target.prepare(build)
  const consume = target.consume(build, () => running?.rebuilding ?? rebuilding)
  const subscription = await backend.stream.subscribe({
    ...options,
    ...consume,
    group: groupOf(group, build),
  })
  const running: RunningBuild = { build, subscription, rebuilding }
  return running
}

/**
 * A projection at work on the build of its version. It lets a build serve that it has brought to the head of the
 * feed, and goes over to another one that was swapped in elsewhere.
 */
export class ProjectionRun<Native> {
  /** Resolves after `stop()`; rejects with the cause when the projection had to end by itself. */
  readonly completed: Promise<void>
  readonly #context: RunContext<Native>
  readonly #catalogue: ProjectionCatalogue
  readonly #stopping = new AbortController()
  #current: RunningBuild
  #failure: { readonly error: unknown } | undefined

  private constructor(context: RunContext<Native>, catalogue: ProjectionCatalogue, current: RunningBuild) {
    this.#context = context
    this.#catalogue = catalogue
    this.#current = current
    this.completed = this.#watch()
    // Whoever wants to know awaits it; a run that nobody watches must not end the process.
    this.completed.catch(() => undefined)
  }

  static async start<Native>(context: RunContext<Native>): Promise<ProjectionRun<Native>> {
    const { backend, target } = context
    const catalogue = new ProjectionCatalogue(backend.documents, target.definition.name)
    const record = await catalogue.update((before) => entered(before, target.definition))
    const build = buildOf(record, target.definition) ?? record.serving
    const current = await startBuild(context, build, isSameBuild(record.building, build))
    return new ProjectionRun(context, catalogue, current)
  }

  get current(): RunningBuild {
    return this.#current
  }

  /** As of the subscription, whichever build it is of by then. */
  async caughtUpTo(
    token: Token,
    {
      timeoutMs = DEFAULT_TIMEOUT_MS,
      signal,
    }: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const current = this.#current
      const leftMs = Math.max(0, Math.round(deadline - performance.now()))
      try {
        const waiting = { timeoutMs: leftMs, ...(signal === undefined ? {} : { signal }) }
        await current.subscription.caughtUpTo(token, waiting)
        return
      } catch (error) {
        const wentOver = EventStoreError.is(error, 'CONSUMER_STOPPED') && this.#current !== current
        if (!wentOver) throw this.#failure?.error ?? error
      }
    }
  }

  async stop(options?: { readonly timeoutMs?: number | undefined }): Promise<void> {
    this.#stopping.abort()
    await this.#current.subscription.stop(options)
    await this.completed.catch(() => undefined)
  }

  async #watch(): Promise<void> {
    this.#endWith(this.#current)
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#look()
      } catch (error) {
        if (!isTransient(error)) this.#fail(error)
        else
          this.#context.options.onNotice?.({
            kind: 'backend-error',
            partition: 0,
            error,
            retryInMs: this.#context.builds.watchMs,
          })
      }
      await abortableDelay(this.#context.builds.watchMs, this.#stopping.signal)
    }
    await this.#current.subscription.stop()
    if (this.#failure !== undefined) throw this.#failure.error
    await this.#current.subscription.completed
  }

  /** The run ends when the subscription does, unless it has gone over to another. */
  #endWith(running: RunningBuild): void {
    const end = (failure: { readonly error: unknown } | undefined): void => {
      if (this.#current !== running) return
      this.#failure ??= failure
      this.#stopping.abort()
    }
    running.subscription.completed.then(
      () => end(undefined),
      (error: unknown) => end({ error }),
    )
  }

  #fail(error: unknown): void {
    // A backend that is being closed stops the subscription too: that is no failure.
    if (!EventStoreError.is(error, 'CLOSED')) {
      this.#failure ??= { error }
      const { group, options } = this.#context
      if (options.onNotice !== undefined) options.onNotice({ kind: 'ended', error })
      else process.emitWarning(`Eventspine projection ${JSON.stringify(group)} has ended: ${String(error)}`)
    }
    this.#stopping.abort()
  }

  async #look(): Promise<void> {
    const { backend, target, builds } = this.#context
    const { signal } = this.#stopping
    if (this.#current.rebuilding) await this.#finish(this.#current)
    const { name } = target.definition
    const drop = { name, graceMs: builds.dropGraceMs, pollMs: builds.watchMs, signal }
    if (!signal.aborted) await this.#follow()
    if (!signal.aborted) await dropBuilds(backend, drop, target)
  }

  /** Waits until the build has caught up, and lets it serve. */
  async #finish(current: RunningBuild): Promise<void> {
    const { backend, target, builds, group } = this.#context
    const { build } = current
    const isThere = await catchUp({
      group: backend.stream.group(groupOf(group, build)),
      pollMs: builds.watchMs,
      maxBehindMs: builds.maxBehindMs,
      signal: this.#stopping.signal,
      isOver: async () => !isSameBuild((await this.#catalogue.read())?.building, build),
    })
    if (!isThere) return
    const record = await this.#catalogue.read()
    // Given up for another: the next look goes over to that one.
    if (isSameBuild(record?.building, build)) await target.promote(build, builds.keepOld)
  }

  /** Goes over to the build that this version's documents are in now. */
  async #follow(): Promise<void> {
    const { definition } = this.#context.target
    const record = await this.#catalogue.read()
    if (record === undefined) return
    const build = buildOf(record, definition)
    const old = this.#current
    if (build === undefined) {
      throw incompatible(
        `${definition.name}@${definition.version} was replaced by version ${record.serving.version}`,
      )
    }
    const rebuilding = isSameBuild(record.building, build)
    if (isSameBuild(old.build, build)) {
      old.rebuilding = rebuilding
      return
    }
    this.#current = await startBuild(this.#context, build, rebuilding)
    this.#endWith(this.#current)
    await old.subscription.stop()
  }
}
