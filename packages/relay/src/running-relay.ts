import {
  abortableDelay,
  comparePositions,
  EventStoreError,
  isTransient,
  parsePosition,
  parseToken,
} from '@eventspine/core'
import type { DocumentStore, EventStore, EventStream, Position, Token } from '@eventspine/core'
import { randomUUID } from 'node:crypto'
import { type Ownerships, unsharedOwnerships } from './ownership.ts'
import { type PartitionProgress, PartitionRelay, type RelayEnd } from './partition-relay.ts'
import { LeasedOwnerships } from './relay-lease.ts'
import { checkInteger, type CheckedOptions } from './relay-options.ts'
import type { Relay, RelayLag, RelayRunResult } from './relay.ts'

const DEFAULT_STOP_MS = 30_000
const DEFAULT_CATCH_UP_MS = 30_000
const MAX_MS = 2 ** 31 - 1
/** How often the place of a relay in another process is looked at. */
const ELSEWHERE_POLL_MS = 25

export interface RelayTerms {
  readonly source: EventStore
  /** Of the source; `undefined`: it has none. */
  readonly documents: DocumentStore | undefined
  readonly target: EventStream
  readonly options: CheckedOptions
}

/** A loop for each partition, which end together. */
export class RunningRelay implements Relay {
  readonly completed: Promise<void>
  readonly #terms: RelayTerms
  readonly #ownerships: Ownerships
  readonly #stopping = new AbortController()
  readonly #progress: ReadonlyMap<number, PartitionProgress>
  readonly #waiting = new Set<() => void>()
  readonly #ends = new Map<number, RelayEnd>()
  #relayed = 0
  #failure: { readonly error: unknown } | undefined

  private constructor(terms: RelayTerms, untilEnd: boolean, signal: AbortSignal | undefined) {
    this.#terms = terms
    const { options, documents, target } = terms
    this.#ownerships =
      documents === undefined
        ? unsharedOwnerships
        : new LeasedOwnerships({
            documents,
            name: options.name,
            target: target.incarnation,
            owner: randomUUID(),
            leaseMs: options.leaseMs,
            onOutage: (partition, error, retryInMs) =>
              options.notify({ kind: 'backend-error', partition, error, retryInMs }),
          })
    this.#progress = new Map(options.partitions.map((partition) => [partition, this.#newProgress()]))
    this.completed = this.#run(untilEnd, signal)
    // Whoever wants to know awaits it; a relay that nobody watches must not end the process.
    this.completed.catch(() => undefined)
  }

  static start(terms: RelayTerms, signal: AbortSignal | undefined): Relay {
    return new RunningRelay(terms, false, signal)
  }

  static async once(
    terms: RelayTerms,
    budgetMs: number,
    signal: AbortSignal | undefined,
  ): Promise<RelayRunResult> {
    const running = new RunningRelay(terms, true, signal)
    const budget = setTimeout(() => running.#stopping.abort(), budgetMs)
    try {
      await running.completed
    } finally {
      clearTimeout(budget)
    }
    const ends = [...running.#ends]
    return {
      relayed: running.#relayed,
      caughtUp: ends.every(([, end]) => end !== 'stopped'),
      ownedElsewhere: ends.filter(([, end]) => end === 'owned-elsewhere').map(([partition]) => partition),
    }
  }

  get name(): string {
    return this.#terms.options.name
  }

  lag(): Promise<readonly RelayLag[]> {
    const { source } = this.#terms
    return Promise.all(
      Array.from(this.#progress, async ([partition, own]) => {
        const seen = own.owned ? undefined : await this.#ownerships.seen(partition)
        const { position, owned } = seen ?? own
        const head = parsePosition(await source.feedHead(partition)).sequence
        const behind = position === undefined ? head : head - parsePosition(position).sequence
        return { partition, events: Math.max(0, behind), position, owned }
      }),
    )
  }

  async caughtUpTo(
    token: Token,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const { timeoutMs = DEFAULT_CATCH_UP_MS, signal } = options
    checkInteger(timeoutMs, 'timeoutMs', 0, MAX_MS)
    const parsed = parseToken(token)
    const { incarnation } = this.#terms.source
    if (parsed.some((wanted) => wanted.incarnation !== incarnation))
      throw new EventStoreError('FEED_DIVERGED', 'the token is of another store', { field: 'token' })
    const wanted: readonly Position[] = parsed.length === 0 ? [] : token.split(',')
    const deadlineMs = performance.now() + timeoutMs
    for (const [index, position] of wanted.entries()) {
      const partition = parsed[index]?.partition ?? 0
      while (!(await this.#isBehind(partition, position))) {
        this.#refuseToWait(deadlineMs, timeoutMs, signal)
        await this.#somethingMoved(deadlineMs - performance.now(), signal)
      }
    }
  }

  async stop(options: { readonly timeoutMs?: number | undefined } = {}): Promise<void> {
    const { timeoutMs = DEFAULT_STOP_MS } = options
    checkInteger(timeoutMs, 'timeoutMs', 0, MAX_MS)
    this.#stopping.abort()
    const ended = new AbortController()
    // The failure that ended it is `completed`'s to tell.
    const completed = this.completed.then(
      () => true,
      () => true,
    )
    const inTime = await Promise.race([completed, abortableDelay(timeoutMs, ended.signal).then(() => false)])
    ended.abort()
    if (!inTime) {
      throw new EventStoreError(
        'TIMEOUT',
        `relay ${JSON.stringify(this.name)}: a write was not answered within ${timeoutMs} ms`,
        { outcome: 'unknown' },
      )
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #run(untilEnd: boolean, signal: AbortSignal | undefined): Promise<void> {
    const { source, target, options } = this.#terms
    const stop = (): void => this.#stopping.abort()
    if (signal?.aborted === true) stop()
    signal?.addEventListener('abort', stop)
    await Promise.all(
      Array.from(this.#progress, async ([partition, progress]) => {
        const stopping = this.#stopping.signal
        const terms = { source, target, options, partition, stopping, progress }
        const watch = this.#ownerships.watch(partition, () => progress.position)
        try {
          this.#ends.set(partition, await new PartitionRelay(terms, watch).run(untilEnd))
        } catch (error) {
          // One partition that cannot go on ends the whole: half a relay would look like a working one.
          this.#failure ??= { error }
          stop()
        }
      }),
    )
    signal?.removeEventListener('abort', stop)
    stop()
    for (const wake of this.#waiting) wake()
    if (this.#failure === undefined) return
    // A bounded run has a caller who gets the error.
    if (!untilEnd) options.notify({ kind: 'ended', error: this.#failure.error })
    throw this.#failure.error
  }

  #newProgress(): PartitionProgress {
    return {
      position: undefined,
      owned: false,
      moved: (relayed) => {
        this.#relayed += relayed
        for (const wake of this.#waiting) wake()
      },
    }
  }

  async #isBehind(partition: number, wanted: Position): Promise<boolean> {
    const own = this.#progress.get(partition)
    const positions = [own?.position, own?.owned === true ? undefined : await this.#seenPosition(partition)]
    return positions.some((position) => position !== undefined && comparePositions(position, wanted) >= 0)
  }

  /** What cannot be seen now may be seen at the next look. */
  async #seenPosition(partition: number): Promise<Position | undefined> {
    try {
      return (await this.#ownerships.seen(partition))?.position
    } catch (error) {
      if (isTransient(error)) return undefined
      throw error
    }
  }

  #refuseToWait(deadlineMs: number, timeoutMs: number, signal: AbortSignal | undefined): void {
    if (signal?.aborted === true)
      throw new EventStoreError('ABORTED', 'the wait was aborted', { cause: signal.reason })
    if (this.#stopping.signal.aborted) {
      throw new EventStoreError('CONSUMER_STOPPED', `relay ${JSON.stringify(this.name)} has ended`, {
        cause: this.#failure?.error,
      })
    }
    if (performance.now() >= deadlineMs) {
      throw new EventStoreError(
        'TIMEOUT',
        `relay ${JSON.stringify(this.name)} did not get there within ${timeoutMs} ms`,
        { retryable: true },
      )
    }
  }

  /** Woken by this relay's progress; another process says nothing, so its place is looked at. */
  #somethingMoved(leftMs: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', wake)
        this.#waiting.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, Math.min(ELSEWHERE_POLL_MS, Math.max(0, leftMs)))
      signal?.addEventListener('abort', wake)
      this.#waiting.add(wake)
    })
  }
}
