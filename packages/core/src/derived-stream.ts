import type { BackendAdapter } from './adapter.ts'
import type { Capabilities } from './capabilities.ts'
import { EventStoreError, invalidArgument, notSupported } from './error.ts'
import type { EventStream, PublishEvent, PublishResult } from './event-stream.ts'
import type { NewEvent } from './event.ts'
import { joinToken, type Token } from './position.ts'
import { checkName, MAX_STREAM_ID_BYTES } from './stream-id.ts'
import type { SubscribeOptions, Subscription } from './consumer/subscription.ts'
import type { WrappedDocumentStore } from './wrapped-document-store.ts'
import type { WrappedEventStore } from './wrapped-event-store.ts'

/** Where published events are kept: never in an aggregate's stream, whose names cannot start with `$`. */
export const PUBLISHED_PREFIX = '$published:'

/** An `EventStream` made from any store plus documents: publishing appends, subscribing reads the feed. */
export class DerivedStream<Native> implements EventStream<Native> {
  readonly capabilities: Capabilities
  readonly #store: WrappedEventStore
  readonly #documents: WrappedDocumentStore
  readonly #adapter: BackendAdapter<Native>
  readonly #subscriptions = new Set<Subscription>()
  #closing: Promise<void> | undefined

  constructor(store: WrappedEventStore, documents: WrappedDocumentStore, adapter: BackendAdapter<Native>) {
    this.capabilities = adapter.capabilities
    this.#store = store
    this.#documents = documents
    this.#adapter = adapter
  }

  async publish(
    events: PublishEvent | readonly PublishEvent[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<PublishResult> {
    this.#checkOpen()
    const list: readonly PublishEvent[] = Array.isArray(events) ? events : [events]
    // All are checked and handed to the lanes in one turn, so that calls keep their order in each stream.
    const appends = Array.from(byStream(list), ([streamId, group]) =>
      this.#store.appendTo(PUBLISHED_PREFIX + streamId, group, { expectedVersion: 'any', signal: options.signal }),
    )
    const results = await Promise.all(appends)
    return { token: joinToken(results.map(({ token }): Token => token)) }
  }

  async subscribe(_options: SubscribeOptions<Native>): Promise<Subscription> {
    this.#checkOpen()
    void this.#documents
    void this.#adapter
    throw notSupported('subscribe')
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all(Array.from(this.#subscriptions, (subscription) => subscription.stop())).then(() => undefined)
    return this.#closing
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new EventStoreError('CLOSED', 'the event stream is closed')
  }
}

function byStream(events: readonly PublishEvent[]): ReadonlyMap<string, readonly NewEvent[]> {
  const groups = new Map<string, NewEvent[]>()
  events.forEach((event, index) => {
    const field = `events[${index}].streamId`
    if (typeof event !== 'object' || event === null) throw invalidArgument(`events[${index}]`, 'must be an object')
    checkName(event.streamId, field, MAX_STREAM_ID_BYTES - PUBLISHED_PREFIX.length)
    const group = groups.get(event.streamId)
    if (group === undefined) groups.set(event.streamId, [event])
    else group.push(event)
  })
  return groups
}
