import type { CompetingAdapter } from '../competing-adapter.ts'
import type { ParsedPosition, Token } from '../position.ts'
import { uuidv7 } from '../uuid.ts'
import { competingLag } from './competing-group.ts'
import { CompetingRun } from './competing-run.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import { abortableDelay } from './delay.ts'
import type { ConsumerBackend, RunEnd } from './run.ts'
import type { PartitionLag, RunResult, Subscription } from './subscription.ts'
import { endSubscription, waitUntilCaughtUp } from './subscription-end.ts'

const CATCH_UP_POLL_MS = 25

export interface CompetingSubscriptionTerms {
  readonly backend: ConsumerBackend
  readonly competing: CompetingAdapter
  readonly options: ConsumerOptions
  readonly signal: AbortSignal | undefined
  /** For one bounded run: when no new event is begun any more. */
  readonly budgetMs?: number | undefined
}

/** One member of a group without order, in all its partitions at once: nobody owns any. */
export class CompetingSubscription implements Subscription {
  readonly completed: Promise<void>
  readonly #terms: CompetingSubscriptionTerms
  readonly #stopping = new AbortController()
  readonly #abandoned = new AbortController()
  #handled = 0
  #caughtUp = true
  #failure: { readonly error: unknown } | undefined

  constructor(terms: CompetingSubscriptionTerms) {
    this.#terms = terms
    this.completed = this.#run()
    // Whoever wants to know awaits it; a subscription that nobody watches must not end the process.
    this.completed.catch(() => undefined)
  }

  get group(): string {
    return this.#terms.options.group
  }

  /** What the run has done, once it is over. */
  async result(): Promise<RunResult> {
    await this.completed
    return { handled: this.#handled, caughtUp: this.#caughtUp, ownedElsewhere: [] }
  }

  caughtUpTo(
    token: Token,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    return waitUntilCaughtUp(token, options, {
      group: this.group,
      incarnation: this.#terms.backend.store.incarnation,
      stopping: this.#stopping.signal,
      failure: () => this.#failure?.error,
      isBehind: (position) => this.#isBehind(position),
      pause: (signal) => abortableDelay(CATCH_UP_POLL_MS, signal),
    })
  }

  lag(): Promise<readonly PartitionLag[]> {
    const { backend, competing } = this.#terms
    return competingLag(backend, competing, this.group)
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
    const { options, signal, budgetMs } = this.#terms
    const stop = (): void => this.#stopping.abort()
    if (signal?.aborted === true) stop()
    signal?.addEventListener('abort', stop, { once: true })
    const budget = budgetMs === undefined ? undefined : setTimeout(stop, budgetMs)
    const member = uuidv7()
    await Promise.all(options.partitions.map((partition) => this.#runPartition(partition, member)))
    clearTimeout(budget)
    signal?.removeEventListener('abort', stop)
    if (this.#failure === undefined) return
    if (budgetMs === undefined) options.notify({ kind: 'ended', error: this.#failure.error })
    throw this.#failure.error
  }

  async #runPartition(partition: number, member: string): Promise<void> {
    const { backend, competing, options, budgetMs } = this.#terms
    const run = new CompetingRun({
      backend,
      competing,
      options,
      partition,
      member,
      stopping: this.#stopping.signal,
      abandoned: this.#abandoned.signal,
      untilEnd: budgetMs !== undefined,
      handled: () => void this.#handled++,
    })
    let end: RunEnd = 'ending'
    try {
      end = await run.run()
    } catch (error) {
      // One partition that cannot go on ends the whole: half a group would look like a working one.
      this.#failure ??= { error }
      this.#stopping.abort()
    }
    if (end === 'ending') this.#caughtUp = false
  }

  async #isBehind({ partition, sequence }: ParsedPosition): Promise<boolean> {
    const state = await this.#terms.competing.doState({ group: this.group, partition })
    if (state === undefined) return sequence === 0
    const { handedOut, firstInHand = Infinity } = state
    return handedOut >= sequence && firstInHand > sequence
  }
}
