import type { Backend, HandlerContext, RecordedEvent, Subscription } from '@eventspine/core'
import type { ChildConsumer, ChildNote } from './protocol.ts'

/** What a {@link ChildConsumer} with `countIn` keeps of a stream. */
export interface CountedBy {
  readonly owner: string
  readonly count: number
}

/** A consumer that tells by notes what its handler does, and can be made to hold still at an event. */
export class NotingConsumer {
  readonly #options: ChildConsumer
  readonly #note: (note: ChildNote) => void
  readonly #released: Promise<void>
  #release: () => void = () => undefined
  #subscription: Subscription | undefined

  private constructor(options: ChildConsumer, note: (note: ChildNote) => void) {
    this.#options = options
    this.#note = note
    this.#released = new Promise((resolve) => (this.#release = resolve))
  }

  static async start(
    backend: Backend,
    options: ChildConsumer,
    note: (note: ChildNote) => void,
  ): Promise<NotingConsumer> {
    const consumer = new NotingConsumer(options, note)
    await consumer.#subscribe(backend)
    return consumer
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop()
  }

  /** Lets the handler that holds go on. */
  release(): void {
    this.#release()
  }

  async #subscribe(backend: Backend): Promise<void> {
    const { name, holdAtId: _, countIn: __, ...options } = this.#options
    this.#subscription = await backend.stream.subscribe({
      ...options,
      pollMs: { min: 5, max: 50 },
      handlers: (event, context) => this.#handle(event, context),
      onNotice: (notice) =>
        this.#note({
          kind: 'notice',
          name,
          notice: notice.kind,
          partition: 'partition' in notice ? notice.partition : undefined,
          fencingToken: 'fencingToken' in notice ? notice.fencingToken : undefined,
        }),
    })
    this.#subscription.completed.then(
      () => this.#note({ kind: 'ended', name, error: undefined }),
      (error: unknown) => this.#note({ kind: 'ended', name, error: String(error) }),
    )
  }

  async #handle(event: RecordedEvent, context: HandlerContext): Promise<void> {
    const { name, holdAtId, countIn } = this.#options
    const { id, streamId, streamPosition: version } = event
    const { partition, fencingToken, attempt, signal } = context
    const seen = { name, id, streamId, version, partition, fencingToken, attempt }
    this.#note({ kind: 'handling', ...seen })
    if (id === holdAtId) {
      signal.addEventListener('abort', () => this.#note({ kind: 'aborted', name, partition }))
      await this.#released
    }
    if (countIn !== undefined) await this.#count(countIn, event, context)
    this.#note({ kind: 'handled', ...seen })
  }

  async #count(
    collection: string,
    { streamId }: RecordedEvent,
    { documents }: HandlerContext,
  ): Promise<void> {
    const before = await documents.get<CountedBy>(collection, streamId)
    const counted: CountedBy = { owner: this.#options.name, count: (before?.count ?? 0) + 1 }
    documents.put(collection, streamId, counted)
  }
}
