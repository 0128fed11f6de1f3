import { EventStoreError } from '../error.ts'
import {
  comparePositions,
  FEED_START,
  formatPosition,
  parseToken,
  type Position,
  type Token,
} from '../position.ts'
import { uuidv7 } from '../uuid.ts'
import { checkInteger } from '../arguments.ts'
import { CheckpointDocument } from './checkpoint.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import { groupLag } from './consumer-group.ts'
import { LinkedSignal } from '../linked-signal.ts'
import { Membership } from './membership.ts'
import { PartitionConsumer } from './partition-consumer.ts'
import type { ConsumerBackend } from './run.ts'
import type { PartitionLag, RunResult, Subscription } from './subscription.ts'

const DEFAULT_STOP_MS = 30_000
const DEFAULT_CATCH_UP_MS = 30_000
/** How often a checkpoint that another process owns is looked at. */
const ELSEWHERE_POLL_MS = 25

/** One member of a group: a consumer for each partition that it owns. */
export class GroupSubscription implements Subscription {
  readonly completed: Promise<void>
  readonly #backend: ConsumerBackend
  readonly #options: ConsumerOptions
  readonly #membership: Membership
  readonly #consumers: readonly PartitionConsumer[]
  readonly #stopping = new AbortController()
  readonly #abandoned = new AbortController()
  /** The latest finished place of each partition, as a function: most are never asked for. */
  readonly #reached = new Map<number, () => Position>()
  readonly #waiting = new Set<() => void>()
  #handled = 0
  #failure: { readonly error: unknown } | undefined

  private constructor(
    backend: ConsumerBackend,
    options: ConsumerOptions,
    start: (self: GroupSubscription) => Promise<void>,
  ) {
    this.#backend = backend
    this.#options = options
    const owner = uuidv7()
    this.#membership = new Membership(backend, options, owner)
    this.#consumers = options.partitions.map(
      (partition) =>
        new PartitionConsumer({
          backend,
          options,
          partition,
          owner,
          stopping: this.#stopping.signal,
          abandoned: this.#abandoned.signal,
          share: this.#membership,
          progress: {
            handled: (events) => (this.#handled += events),
            reached: (position) => {
              this.#reached.set(partition, position)
              for (const wake of this.#waiting) wake()
            },
          },
        }),
    )
    this.completed = start(this)
    // Whoever wants to know awaits it; a subscription that nobody watches must not end the process.
    this.completed.catch(() => undefined)
  }

  /** Starts consuming in the background. */
  static start(
    backend: ConsumerBackend,
    options: ConsumerOptions,
    signal: AbortSignal | undefined,
  ): GroupSubscription {
    const subscription = new GroupSubscription(backend, options, (self) => self.#run())
    const stop = (): void => subscription.#stopping.abort()
    if (signal?.aborted === true) stop()
    signal?.addEventListener('abort', stop, { once: true })
    const forget = (): void => signal?.removeEventListener('abort', stop)
    subscription.completed.then(forget, forget)
    return subscription
  }

  /** Handles what there is, within a budget. The run can be stopped like a subscription. */
  static once(
    backend: ConsumerBackend,
    options: ConsumerOptions,
    budgetMs: number,
    signal: AbortSignal | undefined,
  ): { readonly subscription: Subscription; readonly result: Promise<RunResult> } {
    const elsewhere: number[] = []
    let caughtUp = true
    const subscription = new GroupSubscription(backend, options, async (self) => {
      const budget = setTimeout(() => self.#stopping.abort(), budgetMs)
      const stop = (): void => self.#stopping.abort()
      if (signal?.aborted === true) stop()
      signal?.addEventListener('abort', stop, { once: true })
      try {
        await Promise.all(
          self.#consumers.map(async (consumer, index) => {
            const end = await consumer.runOnce()
            if (end === 'owned-elsewhere') elsewhere.push(options.partitions[index] ?? 0)
            else if (end === 'ending') caughtUp = false
          }),
        )
      } finally {
        clearTimeout(budget)
        signal?.removeEventListener('abort', stop)
      }
    })
    const result = subscription.completed.then(() => {
      const ownedElsewhere = elsewhere.sort((a, b) => a - b)
      return { handled: subscription.#handled, caughtUp, ownedElsewhere }
    })
    return { subscription, result }
  }

  get group(): string {
    return this.#options.group
  }

  async caughtUpTo(
    token: Token,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const { timeoutMs = DEFAULT_CATCH_UP_MS } = options
    checkInteger(timeoutMs, 'timeoutMs', 0, 2 ** 31 - 1)
    const { store } = this.#backend
    const positions = parseToken(token)
    if (positions.some(({ incarnation }) => incarnation !== store.incarnation)) {
      throw new EventStoreError('FEED_DIVERGED', 'the token is of another store', { field: 'token' })
    }
    const linked = new LinkedSignal([options.signal, this.#stopping.signal], timeoutMs)
    try {
      for (const wanted of positions) {
        const position = formatPosition(wanted.incarnation, wanted.partition, wanted)
        while (!(await this.#isBehind(wanted.partition, position))) {
          if (linked.signal.aborted) throw this.#notCaughtUp(linked, timeoutMs, options.signal)
          await this.#somethingReached(linked.signal)
        }
      }
    } finally {
      linked.unlink()
    }
  }

  lag(): Promise<readonly PartitionLag[]> {
    return groupLag(this.#backend, this.group)
  }

  async stop(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    const { timeoutMs = DEFAULT_STOP_MS } = options
    checkInteger(timeoutMs, 'timeoutMs', 0, 2 ** 31 - 1)
    this.#stopping.abort()
    const timer = setTimeout(() => this.#abandoned.abort(), timeoutMs)
    // The failure that ended it is `completed`'s to tell.
    await this.completed.catch(() => undefined)
    clearTimeout(timer)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #run(): Promise<void> {
    await this.#membership.join()
    try {
      await Promise.all(
        this.#consumers.map(async (consumer) => {
          try {
            await consumer.run()
          } catch (error) {
            // One partition that cannot go on ends the whole: half a group would look like a working one.
            this.#failure ??= { error }
            this.#stopping.abort()
          }
        }),
      )
    } finally {
      await this.#membership.leave()
      for (const wake of this.#waiting) wake()
    }
    if (this.#failure === undefined) return
    this.#options.notify({ kind: 'ended', error: this.#failure.error })
    throw this.#failure.error
  }

  async #isBehind(partition: number, position: Position): Promise<boolean> {
    const own = this.#reached.get(partition)
    if (own !== undefined && comparePositions(own(), position) >= 0) return true
    const consumer = this.#consumers[this.#options.partitions.indexOf(partition)]
    // While this member owns the partition nobody else moves its checkpoint.
    if (consumer?.owned === true && own !== undefined) return false
    const document = await new CheckpointDocument(this.#backend, this.group, partition).get()
    const start = formatPosition(this.#backend.store.incarnation, partition, FEED_START)
    return comparePositions(document?.value.position ?? start, position) >= 0
  }

  #notCaughtUp(linked: LinkedSignal, timeoutMs: number, signal: AbortSignal | undefined): EventStoreError {
    const group = `group ${JSON.stringify(this.group)}`
    if (this.#stopping.signal.aborted) {
      return new EventStoreError('CONSUMER_STOPPED', `the subscription of ${group} has ended`, {
        cause: this.#failure?.error,
      })
    }
    if (linked.timedOut)
      return new EventStoreError('TIMEOUT', `${group} did not catch up within ${timeoutMs} ms`, {
        retryable: true,
      })
    return new EventStoreError('ABORTED', `waiting for ${group} was aborted`, { cause: signal?.reason })
  }

  /** Resolves soon: when something was reached, after a poll's time, or when `signal` aborts. */
  #somethingReached(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      // Takes back all that it set up: a fast feed wakes it many times before one poll's time has passed.
      const wake = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ELSEWHERE_POLL_MS)
      signal.addEventListener('abort', wake)
      this.#waiting.add(wake)
    })
  }
}
