import type {
  Backend,
  ConsumerNotice,
  HandlerContext,
  RecordedEvent,
  Subscription,
  Token,
} from '@eventspine/core'
import { eventually } from '../eventually.ts'
import { Random } from '../random.ts'
import type { CheckedGroup } from './check/check-consumers.ts'
import { monotonicUs, type ConsumerChange, type Handling, type Journal } from './history.ts'
import { amountOfId, AMOUNTS, countAmount, NOTHING_COUNTED, type Amounts } from './workload-data.ts'

/** A member of a group whose handler writes down what it does. */
export interface ConsumerRecorderOptions extends CheckedGroup {
  readonly leaseMs: number
  /** Part of the events that fail at their first try, from 0 to 1. */
  readonly failing: number
}

const CHECKPOINT_EVERY_MS = 60

export class ConsumerRecorder {
  readonly #backend: Backend
  readonly #name: string
  readonly #options: ConsumerRecorderOptions
  readonly #journal: Journal
  readonly #random: Random
  #subscription: Subscription | undefined
  #stopping = false
  #sampling: Promise<void> = Promise.resolve()
  #ended: Promise<void> = Promise.resolve()

  private constructor(backend: Backend, name: string, options: ConsumerRecorderOptions, journal: Journal) {
    this.#backend = backend
    this.#name = name
    this.#options = options
    this.#journal = journal
    this.#random = new Random(name.length * 7919 + options.group.length)
  }

  static async start(
    backend: Backend,
    name: string,
    options: ConsumerRecorderOptions,
    journal: Journal,
  ): Promise<ConsumerRecorder> {
    const recorder = new ConsumerRecorder(backend, name, options, journal)
    await recorder.#start()
    return recorder
  }

  /**
   * Resolves when the group has handled everything that the feed holds now.
   *
   * @param acknowledged - how far writers were told that it goes: a log may not show it yet.
   */
  async caughtUp(timeoutMs: number, acknowledged: Token): Promise<void> {
    const { store, capabilities } = this.#backend
    if (!capabilities.store) {
      if (acknowledged !== '') await this.#subscription?.caughtUpTo(acknowledged, { timeoutMs })
      return this.#emptied(timeoutMs)
    }
    const heads = await Promise.all(
      Array.from({ length: store.partitions }, (_, partition) => store.feedHead(partition)),
    )
    const token = heads.filter((head) => !head.endsWith('.')).join(',')
    if (token !== '') await this.#subscription?.caughtUpTo(token, { timeoutMs })
  }

  /** A log's head is told by a group's lag alone. */
  async #emptied(timeoutMs: number): Promise<void> {
    const isEmpty = async (): Promise<boolean> => {
      const lag = await this.#subscription?.lag().catch(() => undefined)
      return lag?.every(({ events, parkedStreams }) => events === 0 && parkedStreams === 0) === true
    }
    await eventually(`${this.#options.group} has handled all of the log`, isEmpty, timeoutMs)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#subscription?.stop()
    await this.#ended
    await this.#sampling
  }

  async #start(): Promise<void> {
    const { group, effects, leaseMs, maxInFlightEvents } = this.#options
    const subscription = await this.#backend.stream.subscribe({
      group,
      effects,
      leaseMs,
      maxInFlightEvents,
      retry: { attempts: 1000, initialDelayMs: 1, maxDelayMs: 50 },
      pollMs: { min: 5, max: 100 },
      handlers: (event, context) => this.#handle(event, context),
      onNotice: (notice) => this.#notice(notice),
    })
    this.#subscription = subscription
    // A consumer that ends by itself while the store is there has no place in any history.
    this.#ended = subscription.completed.catch((error: unknown) => {
      if (!this.#stopping)
        this.#journal.write({ kind: 'defect', process: this.#name, what: `${group} ended: ${String(error)}` })
    })
    this.#sampling = this.#sample(subscription)
  }

  async #handle(event: RecordedEvent, context: HandlerContext): Promise<void> {
    const { group, effects, failing } = this.#options
    const { id, streamId, streamPosition: version, position } = event
    const { partition, fencingToken } = context
    const seen = { group, consumer: this.#name, partition, fencingToken, id, streamId, version, position }
    const record = (kind: Handling['kind']): void =>
      this.#journal.write({ kind, ...seen, atUs: monotonicUs() })
    record('handling')
    try {
      // Several turns of the event loop, so that handlers of different streams, and crashes, come in between.
      await new Promise((resolve) => setImmediate(resolve))
      if (effects !== 'at-least-once') await this.#count(event, context)
      if (context.attempt === 1 && this.#random.chance(failing)) throw new Error('fails once')
    } catch (error) {
      record('threw')
      throw error
    }
    record('handled')
  }

  async #count(
    { id, streamId, streamPosition }: RecordedEvent,
    { documents }: HandlerContext,
  ): Promise<void> {
    const collection = AMOUNTS + this.#options.group
    const before = (await documents.get<Amounts>(collection, streamId)) ?? NOTHING_COUNTED
    documents.put(collection, streamId, countAmount(before, streamPosition, amountOfId(id)))
  }

  #notice(notice: ConsumerNotice): void {
    if (notice.kind === 'owned' || notice.kind === 'lease-lost') {
      this.#changed(notice.kind, notice.partition, notice.fencingToken)
    } else if (notice.kind === 'backend-error') {
      this.#changed('interrupted', notice.partition)
    }
  }

  #changed(kind: ConsumerChange['kind'], partition: number, fencingToken?: number): void {
    const { group } = this.#options
    this.#journal.write({ kind, group, consumer: this.#name, partition, fencingToken, atUs: monotonicUs() })
  }

  async #sample(subscription: Subscription): Promise<void> {
    while (!this.#stopping) {
      const startedUs = monotonicUs()
      try {
        for (const { partition, checkpoint } of await subscription.lag()) {
          const { group } = this.#options
          this.#journal.write({
            kind: 'checkpoint',
            group,
            partition,
            position: checkpoint,
            startedUs,
            atUs: monotonicUs(),
          })
        }
      } catch {
        // The server is away: the next sample will tell.
      }
      await new Promise((resolve) => setTimeout(resolve, CHECKPOINT_EVERY_MS))
    }
  }
}
