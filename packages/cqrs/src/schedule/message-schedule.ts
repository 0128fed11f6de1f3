import { type DocumentStore, EventStoreError, invalidArgument } from '@eventspine/core'
import { isDeepStrictEqual } from 'node:util'
import { MessageStore } from './message-store.ts'
import { type ResolvedRunOptions, resolveRunOptions, type ScheduleRunOptions } from './run-options.ts'
import { type RunningSchedule, startRunning } from './running-schedule.ts'
import { ScheduleWorker } from './schedule-worker.ts'
import { SilenceWatch } from './silence-watch.ts'
import {
  type Cancellation,
  checkMessageId,
  checkScheduleName,
  checkTime,
  type ScheduledMessage,
  type StoredMessage,
} from './scheduled-message.ts'

export interface ScheduleOptions {
  /** Of the schedule on the backend: 1 to 80 letters, digits, `-`, `_`, `@` or `.`. */
  readonly name: string
  /** Milliseconds since the epoch: what is due is judged by it. Default: the system's clock. */
  readonly clock?: (() => number) | undefined
  /**
   * Milliseconds for which the id of a settled message stays known, so that it is not scheduled again; for ever on a
   * backend without expiry. Default 7 days.
   */
  readonly keepMs?: number | undefined
}

/** What {@link MessageSchedule.add} did. */
export interface Added {
  /** Of the message that stands: the first one's, when the id was used before. */
  readonly dueAtMs: number
  /** The id was used before: nothing was added. */
  readonly repeated: boolean
}

/**
 * Messages to be delivered at their times, kept in documents: by any process that runs the schedule, at least
 * once each, and never before their time by that process's clock.
 */
export interface MessageSchedule<Message> {
  /**
   * Schedules a message. Once this resolves it is delivered however often processes die, unless it is cancelled.
   * An id names one message: the same again, also after it was delivered or cancelled, adds nothing.
   *
   * @param id - any text; at most 238 bytes on backends whose keys have 255.
   * @param dueAt - a time that has passed is due at once.
   * @param message - JSON.
   * @throws {@link EventStoreError} `ID_REUSED`: the id waits with another message; nothing was written. Else
   *   as of a document's `put`; after an unknown outcome the same call again settles it.
   */
  add(id: string, dueAt: Date | number, message: Message): Promise<Added>
  /** Cancels a message. The same again gives the same answer. */
  cancel(id: string): Promise<Cancellation>
  /** A message that waits or is being delivered. */
  find(id: string): Promise<ScheduledMessage<Message> | undefined>
  /** All that wait, by time within a partition where the backend lists in order. */
  pending(): AsyncIterable<ScheduledMessage<Message>>
  /**
   * Delivers messages from now on. Any number of processes may: each message is claimed by one of them, and by
   * another when that one is silent for `leaseMs`.
   */
  run(options: ScheduleRunOptions<Message>): RunningSchedule
  /**
   * Delivers what is due and returns: for functions, cron jobs and tests. What others are delivering is waited for, or
   * taken over when they are silent for their `leaseMs`.
   *
   * @param options.budgetMs - no further delivery is begun, and nothing waited for, after this. Default: no bound.
   */
  runOnce(
    options: ScheduleRunOptions<Message> & { readonly budgetMs?: number | undefined },
  ): Promise<{ readonly delivered: number; readonly failed: number }>
}

const WEEK_MS = 7 * 24 * 3600 * 1000

/**
 * Opens a schedule by its name. Nothing is written before the first message.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option; `NOT_SUPPORTED` where the backend lists no
 *   documents.
 */
export function messageSchedule<Message>(
  documents: DocumentStore,
  options: ScheduleOptions,
): MessageSchedule<Message> {
  const { name, clock = Date.now, keepMs = WEEK_MS } = options
  checkScheduleName(name)
  if (!Number.isSafeInteger(keepMs) || keepMs < 1)
    throw invalidArgument('keepMs', 'must be an integer of at least 1')
  return new DocumentSchedule(documents, name, clock, keepMs)
}

class DocumentSchedule<Message> implements MessageSchedule<Message> {
  readonly #documents: DocumentStore
  readonly #store: MessageStore<Message>
  readonly #clock: () => number
  readonly #keepMs: number | undefined
  readonly #watch = new SilenceWatch()

  constructor(documents: DocumentStore, name: string, clock: () => number, keepMs: number) {
    this.#documents = documents
    this.#store = new MessageStore(documents, name)
    this.#clock = clock
    this.#keepMs = documents.capabilities.expiry ? keepMs : undefined
  }

  async add(id: string, dueAt: Date | number, message: Message): Promise<Added> {
    checkMessageId(id, this.#documents)
    const dueAtMs = checkTime(dueAt, 'dueAt')
    const added: StoredMessage<Message> = {
      format: 1,
      status: 'pending',
      dueAtMs,
      tryAtMs: dueAtMs,
      message,
      attempts: 0,
      owner: null,
      leaseMs: 0,
      beat: 1,
    }
    for (;;) {
      const found = await this.#store.read(id)
      if (found !== undefined) return this.#repeat(id, found.value, message)
      try {
        await this.#store.insert(id, added)
        return { dueAtMs, repeated: false }
      } catch (error) {
        if (!EventStoreError.is(error, 'REVISION_CONFLICT')) throw error
      }
    }
  }

  async cancel(id: string): Promise<Cancellation> {
    checkMessageId(id, this.#documents)
    for (;;) {
      const found = await this.#store.read(id)
      if (found === undefined) return 'missing'
      const { status, attempts, tryAtMs, beat } = found.value
      if (status === 'delivered') return 'delivered'
      const answer = attempts === 0 ? 'cancelled' : 'begun'
      if (status === 'cancelled') return answer
      const { message: _message, error: _error, ...rest } = found.value
      const cancelled = { ...rest, status: 'cancelled', owner: null, beat: beat + 1 } as const
      try {
        await this.#store.write(id, cancelled, found.revision, this.#keepMs)
        await this.#store.forgetEntry(id, tryAtMs)
        return answer
      } catch (error) {
        if (!EventStoreError.is(error, 'REVISION_CONFLICT')) throw error
      }
    }
  }

  async find(id: string): Promise<ScheduledMessage<Message> | undefined> {
    checkMessageId(id, this.#documents)
    const found = await this.#store.read(id)
    return found?.value.status === 'pending' ? asScheduled(id, found.value) : undefined
  }

  async *pending(): AsyncGenerator<ScheduledMessage<Message>> {
    for (let partition = 0; partition < this.#documents.partitions; partition++) {
      for await (const { id, tryAtMs } of this.#store.entries(partition, Infinity)) {
        const found = await this.#store.read(id)
        // Another entry leads to it when this one was left behind.
        if (found?.value.status === 'pending' && found.value.tryAtMs === tryAtMs)
          yield asScheduled(id, found.value)
      }
    }
  }

  run(options: ScheduleRunOptions<Message>): RunningSchedule {
    const resolved = resolveRunOptions(options, this.#keepMs)
    return startRunning(this.#worker(resolved), resolved.onNotice)
  }

  async runOnce(
    options: ScheduleRunOptions<Message> & { readonly budgetMs?: number | undefined },
  ): Promise<{ readonly delivered: number; readonly failed: number }> {
    const worker = this.#worker(resolveRunOptions(options, this.#keepMs))
    const ending = new AbortController()
    const timer =
      options.budgetMs === undefined ? undefined : setTimeout(() => ending.abort(), options.budgetMs)
    try {
      await worker.runOnce(ending.signal)
    } finally {
      clearTimeout(timer)
    }
    return { delivered: worker.delivered, failed: worker.failed }
  }

  #worker(options: ResolvedRunOptions<Message>): ScheduleWorker<Message> {
    return new ScheduleWorker(this.#store, this.#watch, this.#clock, options)
  }

  async #repeat(id: string, found: StoredMessage<Message>, message: Message): Promise<Added> {
    const { status, dueAtMs, tryAtMs } = found
    if (status === 'pending') {
      if (!isDeepStrictEqual(asStored(message), asStored(found.message))) {
        throw new EventStoreError('ID_REUSED', `id ${JSON.stringify(id)} waits with another message`, {
          field: 'id',
        })
      }
      // Whoever added it first may have been killed between its two writes.
      await this.#store.writeEntry(id, tryAtMs)
    }
    return { dueAtMs, repeated: true }
  }
}

/** As it comes back from where it is stored. */
function asStored(message: unknown): unknown {
  return message === undefined ? undefined : JSON.parse(JSON.stringify(message))
}

function asScheduled<Message>(id: string, stored: StoredMessage<Message>): ScheduledMessage<Message> {
  const { dueAtMs, attempts, error } = stored
  // Sound: a message is absent only once it is settled.
  return { id, dueAtMs, message: stored.message as Message, attempts, error }
}
