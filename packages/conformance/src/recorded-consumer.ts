import type {
  Backend,
  ConsumerNotice,
  HandlerContext,
  RecordedEvent,
  SubscribeOptions,
  Subscription,
} from '@eventspine/core'
import { caseScope, leaseOf } from './case-scope.ts'
import { eventually } from './eventually.ts'
import { numberOf } from './sample-events.ts'

/** What a handler was given, in the order in which handlers succeeded. */
export interface HandledEvent {
  readonly streamId: string
  readonly version: number
  readonly number: number
  readonly id: string
  readonly position: string
  readonly partition: number
  readonly fencingToken: number
  readonly attempt: number
}

type NoticeOf<Kind extends ConsumerNotice['kind']> = ConsumerNotice extends infer Notice
  ? Notice extends { readonly kind: infer Kinds }
    ? Kind extends Kinds
      ? Notice
      : never
    : never
  : never

export type RecordedHandler = (event: RecordedEvent, context: HandlerContext) => void | Promise<void>

/** Timings that let a case see within moments what production sees within seconds. */
export const QUICK = {
  pollMs: { min: 5, max: 50 },
  retry: { attempts: 3, initialDelayMs: 5, maxDelayMs: 20 },
  leaseMs: 2000,
} as const satisfies Partial<SubscribeOptions>

/** A consumer of sample events that remembers what its handler got and what it was told. */
export class RecordedConsumer {
  readonly handled: HandledEvent[] = []
  readonly notices: ConsumerNotice[] = []
  readonly #handler: RecordedHandler
  #subscription: Subscription | undefined
  #running = 0
  /** The most handlers that were at work at once. */
  mostAtOnce = 0

  private constructor(handler: RecordedHandler) {
    this.#handler = handler
  }

  static async start(
    backend: Backend,
    options: Partial<SubscribeOptions> & Pick<SubscribeOptions, 'group'>,
    handler: RecordedHandler = () => undefined,
  ): Promise<RecordedConsumer> {
    const consumer = new RecordedConsumer(handler)
    consumer.#subscription = await backend.stream.subscribe(consumer.options(options))
    return consumer
  }

  /** For `runOnce`, which gives no subscription back. */
  static unstarted(handler: RecordedHandler = () => undefined): RecordedConsumer {
    return new RecordedConsumer(handler)
  }

  /** Options that let this consumer's handler do the work. */
  options<Given extends Partial<SubscribeOptions>>(given: Given): Given & Pick<SubscribeOptions, 'handlers'> {
    return {
      ...QUICK,
      handlers: (event, context) => this.#handle(event, context),
      onNotice: (notice) => void this.notices.push(notice),
      ...given,
      leaseMs: leaseOf(given.leaseMs ?? QUICK.leaseMs),
    }
  }

  get subscription(): Subscription {
    if (this.#subscription === undefined) throw new Error('this consumer was never started')
    return this.#subscription
  }

  get numbers(): readonly number[] {
    return this.handled.map(({ number }) => number)
  }

  /** Numbers by stream, in the order handled. */
  byStream(): ReadonlyMap<string, readonly number[]> {
    const streams = new Map<string, number[]>()
    for (const { streamId, number } of this.handled)
      streams.set(streamId, [...(streams.get(streamId) ?? []), number])
    return streams
  }

  noticesOf<Kind extends ConsumerNotice['kind']>(kind: Kind): readonly NoticeOf<Kind>[] {
    // A kind may share its shape with others, so the shape is what `kind` selects, not what names it alone.
    return this.notices.filter((notice): notice is NoticeOf<Kind> => notice.kind === kind)
  }

  /** Waits until handlers have succeeded `count` times. */
  async hasHandled(count: number, timeoutMs?: number): Promise<void> {
    await eventually(
      `${count} events are handled; now it is ${this.handled.length}`,
      () => this.handled.length >= count,
      timeoutMs,
    )
  }

  async stop(): Promise<void> {
    await this.subscription.stop()
  }

  /** Waits until the consumer has ended by itself, and rejects with the reason. */
  async ended(): Promise<void> {
    let ended = false
    const completed = this.subscription.completed.finally(() => (ended = true))
    completed.catch(() => undefined)
    await eventually('the consumer ends by itself', () => ended)
    await completed
  }

  async #handle(event: RecordedEvent, context: HandlerContext): Promise<void> {
    this.#running++
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#running)
    try {
      await this.#handler(event, context)
      const { streamId, streamPosition: version, id, position } = event
      const { partition, fencingToken, attempt } = context
      const number = numberOf(event)
      this.handled.push({ streamId, version, number, id, position, partition, fencingToken, attempt })
    } finally {
      this.#running--
    }
  }
}

/** A point at which handlers wait until a case lets them go on. */
export class Gate {
  readonly opened: Promise<void>
  #open: () => void = () => undefined
  #waiting = 0

  constructor() {
    this.opened = new Promise((resolve) => (this.#open = resolve))
    // A case that failed in between must not leave handlers that hang: closing would wait for them.
    caseScope.getStore()?.atEnd.push(() => this.open())
  }

  async pass(): Promise<void> {
    this.#waiting++
    await this.opened
  }

  open(): void {
    this.#open()
  }

  /** Waits until `count` handlers have come to the gate. */
  async reached(count = 1): Promise<void> {
    await eventually(
      `${count} handlers come to the gate, ${this.#waiting} have`,
      () => this.#waiting >= count,
    )
  }

  get waiting(): number {
    return this.#waiting
  }
}
