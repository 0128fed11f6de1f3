import { notSupported } from '../error.ts'
import {
  comparePositions,
  FEED_START,
  formatPosition,
  type ParsedPosition,
  type Position,
  type Token,
} from '../position.ts'
import { uuidv7 } from '../uuid.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import { groupLag, readCheckpoint } from './consumer-group.ts'
import { checkpointOwner } from './checkpoint.ts'
import { GroupShare } from './group-share.ts'
import { Membership } from './membership.ts'
import { PartitionConsumer } from './partition-consumer.ts'
import type { PartitionShare } from './partition-share.ts'
import type { ConsumerBackend } from './run.ts'
import type { PartitionLag, RunResult, Subscription } from './subscription.ts'
import { endSubscription, waitUntilCaughtUp } from './subscription-end.ts'

/** How often a checkpoint that another process owns is looked at. */
const ELSEWHERE_POLL_MS = 25

/** One member of a group: a consumer for each partition that it owns. */
export class GroupSubscription implements Subscription {
  readonly completed: Promise<void>
  readonly #backend: ConsumerBackend
  readonly #options: ConsumerOptions
  readonly #share: PartitionShare
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
    this.#share = partitionShare(backend, options, owner)
    this.#consumers = options.partitions.map(
      (partition) =>
        new PartitionConsumer({
          backend,
          options,
          partition,
          owner,
          stopping: this.#stopping.signal,
          abandoned: this.#abandoned.signal,
          share: this.#share,
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
        await self.#join(true)
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
        await self.#share.leave()
      }
      if (self.#failure !== undefined) throw self.#failure.error
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

  caughtUpTo(
    token: Token,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    return waitUntilCaughtUp(token, options, {
      group: this.group,
      incarnation: this.#backend.store.incarnation,
      stopping: this.#stopping.signal,
      failure: () => this.#failure?.error,
      isBehind: (position) => this.#isBehind(position),
      pause: (signal) => this.#somethingReached(signal),
    })
  }

  lag(): Promise<readonly PartitionLag[]> {
    return groupLag(this.#backend, this.group)
  }

  stop(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    return endSubscription(options, {
      stopping: this.#stopping,
      abandoned: this.#abandoned,
      completed: this.completed,
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #run(): Promise<void> {
    try {
      await this.#join(false)
      await Promise.all(
        this.#consumers.map(async (consumer) => {
          try {
            await consumer.run()
          } catch (error) {
            // One partition that cannot go on ends the whole: half a group would look like a working one.
            this.#fail(error)
          }
        }),
      )
    } catch (error) {
      this.#fail(error)
    } finally {
      await this.#share.leave()
      for (const wake of this.#waiting) wake()
    }
    if (this.#failure === undefined) return
    this.#options.notify({ kind: 'ended', error: this.#failure.error })
    throw this.#failure.error
  }

  async #join(once: boolean): Promise<void> {
    await this.#share.join(this.#stopping.signal, once)
    this.#share.ended?.catch((error: unknown) => this.#fail(error))
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#stopping.abort()
  }

  async #isBehind(wanted: ParsedPosition): Promise<boolean> {
    const { incarnation, partition } = wanted
    const position = formatPosition(incarnation, partition, wanted)
    const own = this.#reached.get(partition)
    if (own !== undefined && comparePositions(own(), position) >= 0) return true
    const consumer = this.#consumers[this.#options.partitions.indexOf(partition)]
    // While this member owns the partition nobody else moves its checkpoint.
    if (consumer?.owned === true && own !== undefined) return false
    const checkpoint = await readCheckpoint(this.#backend, this.group, partition)
    const start = formatPosition(incarnation, partition, FEED_START)
    return comparePositions(checkpoint?.position ?? start, position) >= 0
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

function partitionShare(backend: ConsumerBackend, options: ConsumerOptions, member: string): PartitionShare {
  const { groups } = backend.adapter
  if (groups !== undefined) {
    if (options.partitions.length < backend.store.partitions)
      throw notSupported(`${backend.adapter.name} assigns partitions itself: leave the option partitions out`)
    return new GroupShare(groups, options)
  }
  const documents = checkpointOwner(backend)
  if (documents === undefined) throw notSupported('consumer groups need documents for their checkpoints')
  return new Membership(documents, options, member)
}
