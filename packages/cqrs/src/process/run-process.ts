import {
  abortableDelay,
  type Backend,
  backoffMs,
  type DocumentStore,
  EventStoreError,
  type HandlerContext,
  invalidArgument,
  type SubscribeOptions,
  type Subscription,
} from '@eventspine/core'
import type { ProjectedContract, ProjectedEvent } from '../projection.ts'
import { messageSchedule } from '../schedule/message-schedule.ts'
import type { ScheduleRunOptions } from '../schedule/run-options.ts'
import type { RunningSchedule } from '../schedule/running-schedule.ts'
import { Dispatcher, type ExternalHandler, type TimeoutMessage } from './dispatcher.ts'
import { ProcessEngine, processesOf } from './process-engine.ts'
import type { ProcessManager } from './process-manager.ts'
import type { ExternalReceiver, Receivers } from './reaction.ts'

/** What takes the commands of the external receivers, by name: all of them, when there are any. */
export type ExternalHandlers<To extends Receivers> = {
  readonly [
    Name in keyof To & string as To[Name] extends { readonly kind: 'external' } ? Name : never
  ]: To[Name] extends ExternalReceiver<infer Command> ? ExternalHandler<Command> : never
}

/** Options of the subscription that feeds the processes, except those that they decide, and a few of their own. */
export interface RunProcessOptions<Native = unknown, To extends Receivers = Receivers> extends Omit<
  SubscribeOptions<Native>,
  'group' | 'handlers' | 'effects' | 'ordering'
> {
  /** Required where the process manager has external receivers. */
  readonly external?: ExternalHandlers<To> | undefined
  /** Milliseconds since the epoch: timeouts are set and come by it. Default: the system's clock. */
  readonly clock?: (() => number) | undefined
  /** How timeouts are delivered. */
  readonly timeouts?: Omit<ScheduleRunOptions<never>, 'deliver'> | undefined
  /** Told when something passing is in the way of a process, which is tried again. Must not throw. */
  readonly onRetry?: ((notice: ProcessRetry) => void) | undefined
}

/** Something passing was in the way of a process: an outage, most often. */
export interface ProcessRetry {
  readonly key: string
  readonly error: unknown
  readonly retryInMs: number
}

/** A process as it stands. */
export interface ProcessView<State> {
  readonly state: State
  readonly status: 'running' | 'ended'
  /** Commands, timeouts and cancellations that are not known to be done. */
  readonly outputsLeft: number
  /** When the timeouts that are set are due, by name; milliseconds since the epoch. */
  readonly timeouts: Readonly<Record<string, number>>
}

/** A process manager at work: its subscription and its processes. */
export interface RunningProcess<State> extends Subscription {
  /** The process of a key; `undefined` where none has begun. */
  get(key: string): Promise<ProcessView<State> | undefined>
  /**
   * Resolves when the process of a key has ended and nothing is left to do, wherever it runs; it may not even have
   * begun yet.
   *
   * @param options.timeoutMs - default 30,000.
   * @throws {@link EventStoreError} `TIMEOUT`; `ABORTED`.
   */
  ended(
    key: string,
    options?: { readonly timeoutMs?: number | undefined; readonly signal?: AbortSignal | undefined },
  ): Promise<ProcessView<State>>
}

/**
 * Runs a process manager: a consumer group whose events reach the process they concern, and its timeouts. Any
 * number of services may run the same one.
 *
 * On every backend with documents an input has its effect on a process once, and a command has its effect on a
 * stream once, whatever dies in between and for however long a service was paused. An external receiver is
 * told of a command at least once.
 *
 * @param backend - the events to take in, the store that commands go to, and the documents to keep processes in:
 *   of one backend or of several.
 * @throws {@link EventStoreError} `INVALID_ARGUMENT`: an external receiver has no handler. Else as of `subscribe`;
 *   `NOT_SUPPORTED`, too, where there are timeouts and the backend lists no documents.
 */
export async function runProcess<State, Contract extends ProjectedContract, To extends Receivers, Native>(
  backend: Pick<Backend<Native>, 'store' | 'stream' | 'documents'>,
  manager: ProcessManager<State, Contract, To>,
  options: RunProcessOptions<Native, To> = {},
): Promise<RunningProcess<State>> {
  const { external = {}, clock = Date.now, timeouts = {}, onRetry, ...subscribeOptions } = options
  const { store, stream, documents } = backend
  const schedule = timeoutsOf(documents, manager, clock)
  const dispatcher = new Dispatcher(store, manager.receivers, external, schedule)
  const engine = new ProcessEngine(documents, manager, dispatcher, {
    clock,
    onRetry: (key, error, retryInMs) => onRetry?.({ key, error, retryInMs }),
  })
  const take = async (event: ProjectedEvent<Contract>, { signal }: HandlerContext<Native>): Promise<void> => {
    const key = manager.keyOf(event)
    if (key !== undefined) await engine.take(key, { kind: 'event', event }, signal)
  }
  const subscription = await stream.subscribe({
    ...subscribeOptions,
    group: `process:${manager.name}`,
    handlers: manager.handlers(take),
  })
  const running = schedule?.run({
    ...timeouts,
    deliver: ({ key, name }, { id, dueAtMs, signal }) =>
      engine.take(key, { kind: 'timeout', id, timeout: { name, dueAtMs } }, signal),
  })
  return together(subscription, running, (key) => processOf(documents, manager, key))
}

/** The schedule of a manager's timeouts; `undefined` where it has none. */
function timeoutsOf<State, Contract extends ProjectedContract, To extends Receivers>(
  documents: DocumentStore,
  { name, timeoutNames }: ProcessManager<State, Contract, To>,
  clock: () => number,
) {
  if (timeoutNames.length === 0) return undefined
  return messageSchedule<TimeoutMessage>(documents, { name: `process-${name}`, clock })
}

/** The process of a key as it is stored, wherever its manager runs; `undefined` where none has begun. */
export async function processOf<State, Contract extends ProjectedContract, To extends Receivers>(
  documents: DocumentStore,
  manager: ProcessManager<State, Contract, To>,
  key: string,
): Promise<ProcessView<State> | undefined> {
  if (typeof key !== 'string') throw invalidArgument('key', 'must be a string')
  const found = await processesOf<State, To>(documents, manager.name).get(key)
  if (found === undefined) return undefined
  const { state, status, outputs, timeouts } = found.value
  const due = Object.entries(timeouts).map(([name, { dueAtMs }]) => [name, dueAtMs] as const)
  return { state, status, outputsLeft: outputs.length, timeouts: Object.fromEntries(due) }
}

/** Neither runs on without the other: events without timeouts would be half a process. */
function together<State>(
  subscription: Subscription,
  running: RunningSchedule | undefined,
  get: RunningProcess<State>['get'],
): RunningProcess<State> {
  const stop: Subscription['stop'] = async (options) => {
    await Promise.all([subscription.stop(options), running?.stop(options)])
  }
  const completed = (async () => {
    try {
      await Promise.all([subscription.completed, running?.completed])
    } finally {
      await stop()
    }
  })()
  // As with a subscription: whoever does not look at it is told by notices.
  completed.catch(() => undefined)
  return {
    group: subscription.group,
    completed,
    get,
    ended: (key, options) => untilEnded(() => get(key), key, options),
    stop,
    caughtUpTo: (token, waitOptions) => subscription.caughtUpTo(token, waitOptions),
    lag: () => subscription.lag(),
    [Symbol.asyncDispose]: () => stop(),
  }
}

/** Documents cannot be waited for: it looks, less and less often. */
async function untilEnded<State>(
  look: () => Promise<ProcessView<State> | undefined>,
  key: string,
  {
    timeoutMs = 30_000,
    signal = new AbortController().signal,
  }: Parameters<RunningProcess<State>['ended']>[1] = {},
): Promise<ProcessView<State>> {
  const deadline = performance.now() + timeoutMs
  for (let looks = 1; ; looks++) {
    const found = await look()
    if (found?.status === 'ended' && found.outputsLeft === 0) return found
    const what = `process ${JSON.stringify(key)}`
    if (signal.aborted)
      throw new EventStoreError('ABORTED', `${what}: waiting was aborted`, { cause: signal.reason })
    if (performance.now() >= deadline)
      throw new EventStoreError('TIMEOUT', `${what} has not ended after ${timeoutMs} ms`, { retryable: true })
    await abortableDelay(backoffMs(looks, 5, 250), signal)
  }
}
