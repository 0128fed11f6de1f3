import {
  type CommitRequest,
  type CommitResult,
  type CommitStream,
  EventStoreError,
  type EventStore,
} from '@eventspine/core'
import { HistoryConflictError } from './history-conflict-error.ts'
import { retryTransient } from './retry-transient.ts'

/** Told of what happens to the commits under way. */
export interface PipelineObserver {
  /** Stored, in the order of the history: everything before is stored too. */
  readonly onCommit: () => void
  readonly onEvents: (written: number) => void
  /** Another run had stored it before. */
  readonly onRepeated: () => void
  readonly onRetry: (error: EventStoreError) => void
}

// Enough to keep several of a backend's batches full, little enough to be a few megabytes.
const MAX_EVENTS_UNDER_WAY = 4096

interface Completion {
  /** The last part was given to the store: the next one's may follow, and is stored behind it. */
  readonly sent: Promise<void>
  /** This git commit and all before it are stored. */
  readonly done: Promise<void>
}

/**
 * Appends git commits with many under way at once. What must follow in order does: a stream's events, since
 * the store keeps the order of calls within a stream; and the part that completes a git commit, which is sent
 * after its other parts are stored and after the one that completes the commit before.
 *
 * Every stream is appended to at its exact version, under ids derived from the history. So whatever was lost on
 * the way can be sent again, and what two runs send at once is stored once.
 */
export class AppendPipeline {
  readonly #store: EventStore
  readonly #observer: PipelineObserver
  #previous: Completion = { sent: Promise.resolve(), done: Promise.resolve() }
  #parts: Promise<void>[] = []
  #underWay = 0
  #failure: { readonly error: unknown } | undefined
  readonly #waiting: (() => void)[] = []

  constructor(store: EventStore, observer: PipelineObserver) {
    this.#store = store
    this.#observer = observer
  }

  /** Sends a part of a git commit that others will follow. Waits while too much is under way. */
  async send(part: CommitRequest): Promise<void> {
    await this.#room()
    const before = this.#previous.done
    this.#parts.push(this.#track(part, () => this.#append(part, before)))
  }

  /** Sends the part that completes a git commit. Waits while too much is under way. */
  async complete(last: CommitRequest): Promise<void> {
    await this.#room()
    const parts = this.#parts.splice(0)
    const previous = this.#previous
    let sent = (): void => undefined
    this.#previous = {
      sent: new Promise((resolve) => (sent = resolve)),
      done: this.#track(last, async () => {
        try {
          await Promise.all([previous.sent, ...parts])
          const stored = this.#append(last, previous.done)
          sent()
          await Promise.all([stored, previous.done])
          this.#observer.onCommit()
        } finally {
          // The next one must not wait for what will not come.
          sent()
        }
      }),
    }
  }

  /** Resolves when all that was completed is stored. @throws what first went wrong. */
  async drain(): Promise<void> {
    await Promise.allSettled([...this.#parts, this.#previous.done])
    this.#checkFailure()
  }

  #track(request: CommitRequest, work: () => Promise<void>): Promise<void> {
    const events = countEvents(request)
    this.#underWay += events
    const ended = work().finally(() => {
      this.#underWay -= events
      this.#wake()
    })
    ended.catch((error: unknown) => {
      this.#failure ??= { error }
      this.#wake()
    })
    return ended
  }

  async #append(request: CommitRequest, before: Promise<void>): Promise<void> {
    const { repeated } = await this.#appendInOrder(request, before)
    if (repeated) this.#observer.onRepeated()
    else this.#observer.onEvents(countEvents(request))
  }

  async #appendInOrder(
    request: CommitRequest,
    before: Promise<void>,
  ): Promise<Pick<CommitResult, 'repeated'>> {
    try {
      return await this.#appendWithRetries(request)
    } catch (error) {
      if (!EventStoreError.is(error, 'VERSION_CONFLICT')) throw error
    }
    // What stands before this in the history may have failed and be tried again: it has to come first.
    await before
    try {
      return await this.#appendWithRetries(request)
    } catch (error) {
      if (!EventStoreError.is(error, 'VERSION_CONFLICT')) throw error
      return this.#appendMissing(request, error)
    }
  }

  /** A run under other limits cut this git commit elsewhere and was killed in the middle of it. */
  async #appendMissing(
    request: CommitRequest,
    conflict: EventStoreError,
  ): Promise<Pick<CommitResult, 'repeated'>> {
    const missing: CommitStream[] = []
    for (const stream of request.streams) if (!(await this.#isStored(stream))) missing.push(stream)
    if (missing.length === 0) return { repeated: true }
    if (missing.length === request.streams.length) throw new HistoryConflictError(conflict.message, conflict)
    return this.#appendWithRetries({ streams: missing })
  }

  async #isStored({ streamId, expectedVersion, events }: CommitStream): Promise<boolean> {
    const version = Number(expectedVersion)
    const next = this.#store.read(streamId, { from: version + 1, limit: 1 })
    const [stored] = await retryTransient(() => next.toArray(), this.#observer.onRetry)
    if (stored === undefined) return false
    if (stored.id === events[0]?.id) return true
    throw new HistoryConflictError(
      `stream ${JSON.stringify(streamId)} holds another event at version ${version + 1}`,
    )
  }

  #appendWithRetries(request: CommitRequest): Promise<CommitResult> {
    return retryTransient(async () => {
      this.#checkFailure()
      return await this.#store.commit(request)
    }, this.#observer.onRetry)
  }

  async #room(): Promise<void> {
    while (this.#underWay >= MAX_EVENTS_UNDER_WAY && this.#failure === undefined) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#checkFailure()
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume()
  }

  #checkFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}

function countEvents({ streams }: CommitRequest): number {
  return streams.reduce((sum, { events }) => sum + events.length, 0)
}
