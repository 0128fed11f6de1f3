import type { RecordedEvent } from '../event.ts'
import type { Parked } from './checkpoint.ts'
import { describeError } from './describe-error.ts'
import { type RunContext, stoppedBy } from './run.ts'

/** The parked set of a partition while it is owned, and the policy that fills it. */
export class ParkedStreams {
  readonly #context: RunContext
  #parked = new Map<string, Parked>()

  constructor(context: RunContext) {
    this.#context = context
    this.reload()
  }

  /** Takes what the checkpoint says, for those who change it before they change this. */
  reload(): void {
    this.#parked = new Map(this.#context.lease.parked.map((parked) => [parked.streamId, parked]))
  }

  get(streamId: string): Parked | undefined {
    return this.#parked.get(streamId)
  }

  has(streamId: string): boolean {
    return this.#parked.has(streamId)
  }

  list(): readonly Parked[] {
    return [...this.#parked.values()]
  }

  delete(streamId: string): void {
    this.#parked.delete(streamId)
  }

  /**
   * Decides about an event that failed its last try.
   *
   * @throws {@link EventStoreError} `CONSUMER_STOPPED` when the policy or the bound on parked streams says so.
   */
  decide(event: RecordedEvent, attempts: number, error: unknown): void {
    const { options, partition } = this.#context
    const { onFailure, maxParkedStreams } = options
    const full = onFailure === 'park' && !this.has(event.streamId) && this.#parked.size >= maxParkedStreams
    if (onFailure === 'stop' || full) {
      options.notify({ kind: 'stop', partition, event, attempt: attempts, error })
      throw stoppedBy(
        event,
        error,
        full ? `${this.#parked.size} streams are parked, the most allowed` : 'a handler failed',
      )
    }
    options.notify({ kind: onFailure, partition, event, attempt: attempts, error })
    if (onFailure === 'skip') return
    const { streamId, streamPosition, position } = event
    this.#parked.set(streamId, {
      streamId,
      streamPosition,
      firstPosition: position,
      attempts,
      error: describeError(error),
    })
  }

  /** A replay got as far as `event`: a crash now goes on behind it. */
  advance(event: RecordedEvent): void {
    const parked = this.#parked.get(event.streamId)
    if (parked === undefined) return
    this.#parked.set(event.streamId, {
      ...parked,
      streamPosition: event.streamPosition + 1,
      firstPosition: event.position,
    })
  }
}
