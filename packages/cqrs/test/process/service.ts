import type { Backend, EventStore, RecordedEvent } from '@eventspine/core'
import { EventStoreError } from '@eventspine/core'
import { type MessageSchedule, messageSchedule } from '../../src/index.ts'
import type { FakeClock } from '../../src/testing/index.ts'
import { Dispatcher, type TimeoutMessage } from '../../src/process/dispatcher.ts'
import { ProcessEngine } from '../../src/process/process-engine.ts'
import { type Mail, transfers } from './transfer.ts'

/** What the post office has seen: a mail may come more than once, under its id. */
export type Mails = Map<string, { readonly stream: string; readonly text: string }>

/**
 * A service that runs transfers one input after the other, so that a call's number says what it is. Each round it
 * is given everything from the start of the feed: the most that "at least once" can mean.
 */
export class Service {
  readonly #backend: Backend<undefined>
  readonly #engine: ReturnType<typeof engineOf>
  readonly #handlers: ReturnType<typeof transfers.handlers<unknown>>
  readonly #timeouts: MessageSchedule<TimeoutMessage>
  readonly #signal = new AbortController().signal

  constructor(backend: Backend<undefined>, clock: FakeClock, mails: Mails) {
    this.#backend = backend
    this.#timeouts = messageSchedule(backend.documents, { name: 'process-transfers', clock: clock.now })
    const engine = engineOf(backend, clock, mails, this.#timeouts)
    this.#engine = engine
    this.#handlers = transfers.handlers((event, { signal }) => {
      const key = transfers.keyOf(event)
      return key === undefined ? undefined : engine.take(key, { kind: 'event', event }, signal)
    })
  }

  /** Handles all events of the categories, from the start, until no new ones come of it. */
  async handle(categories: readonly string[]): Promise<void> {
    for (let before = -1; ;) {
      const events = await allEvents(this.#backend.store)
      if (events.length === before) return
      before = events.length
      for (const event of events) await this.#give(event, categories)
    }
  }

  /** Delivers the timeouts that are due. */
  async deliver(leaseMs: number): Promise<void> {
    let failure: unknown
    await this.#timeouts.runOnce({
      leaseMs,
      pollMs: 10,
      concurrency: 1,
      deliver: ({ key, name }, { id, dueAtMs }) =>
        this.#engine.take(key, { kind: 'timeout', id, timeout: { name, dueAtMs } }, this.#signal),
      onNotice: (notice) => {
        if (notice.kind !== 'lease-lost') failure = notice.error
      },
    })
    if (failure !== undefined) throw failure
  }

  /** Timeouts that are still to come. */
  pendingTimeouts(): AsyncIterable<unknown> {
    return this.#timeouts.pending()
  }

  async #give(event: RecordedEvent, categories: readonly string[]): Promise<void> {
    for (const { types, category, handle } of this.#handlers) {
      const fits =
        (types === 'all' || types.includes(event.type)) &&
        event.streamId.startsWith(`${category}:`) &&
        categories.includes(category ?? '')
      // Sound: it looks at the signal alone.
      if (fits) await handle(event, { signal: this.#signal } as Parameters<typeof handle>[1])
    }
  }
}

/** The feeds of all partitions, one after the other. */
export async function allEvents(store: EventStore): Promise<readonly RecordedEvent[]> {
  const partitions = Array.from({ length: store.partitions }, (_, partition) =>
    store.feed({ partition }).toArray(),
  )
  return (await Promise.all(partitions)).flat()
}

function engineOf(
  { store, documents }: Backend<undefined>,
  clock: FakeClock,
  mails: Mails,
  timeouts: MessageSchedule<TimeoutMessage>,
) {
  const mail = (stream: string, { text }: Mail, { id }: { readonly id: string }): void =>
    void mails.set(id, { stream, text })
  const dispatcher = new Dispatcher(store, transfers.receivers, { mail }, timeouts)
  const onRetry = (_key: string, error: unknown): void => {
    throw error
  }
  return new ProcessEngine(documents, transfers, dispatcher, { clock: clock.now, onRetry })
}

/** Whether a service ended because its process was killed. @throws any other error. */
export function wasKilled(error: unknown): boolean {
  if (error === undefined) return false
  if (EventStoreError.is(error, 'CLOSED')) return true
  throw error
}
