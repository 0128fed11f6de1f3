import type { BackendAdapter } from './adapter.ts'
import type { Capabilities } from './capabilities.ts'
import { encodeEvent } from './encode-event.ts'
import { EventStoreError, invalidArgument, notSupported } from './error.ts'
import type { EventStream, PublishEvent, PublishResult } from './event-stream.ts'
import type { NewEvent } from './event.ts'
import { checkName, MAX_STREAM_ID_BYTES } from './stream-id.ts'
import { checkConsumerOptions, type ConsumerOptions } from './consumer/consumer-options.ts'
import { StoredConsumerGroup } from './consumer/consumer-group.ts'
import { GroupSubscription } from './consumer/group-subscription.ts'
import type { ConsumerBackend } from './consumer/run.ts'
import type { ConsumerGroup, RunResult, SubscribeOptions, Subscription } from './consumer/subscription.ts'
import { checkInteger } from './arguments.ts'
import { PUBLISHED_PREFIX } from './published.ts'
import type { WrappedDocumentStore } from './wrapped-document-store.ts'
import type { WrappedEventStore } from './wrapped-event-store.ts'

/** An `EventStream` made from any store plus documents: publishing appends, subscribing reads the feed. */
export class DerivedStream<Native> implements EventStream<Native> {
  readonly capabilities: Capabilities
  readonly #backend: ConsumerBackend
  readonly #subscriptions = new Set<Subscription>()
  #closing: Promise<void> | undefined

  constructor(store: WrappedEventStore, documents: WrappedDocumentStore, adapter: BackendAdapter<Native>) {
    this.capabilities = adapter.capabilities
    this.#backend = { store, documents, adapter }
  }

  async publish(
    events: PublishEvent | readonly PublishEvent[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<PublishResult> {
    this.#checkOpen()
    const list: readonly PublishEvent[] = Array.isArray(events) ? events : [events]
    if (list.length === 0) return { token: '' }
    const streams = Array.from(byStream(list), ([streamId, group]) => ({
      streamId: PUBLISHED_PREFIX + streamId,
      events: group,
    }))
    try {
      return { token: await this.#backend.store.commitAll(streams, options.signal) }
    } catch (error) {
      // It names a place in the streams that the call was sorted into; callers know the list they gave.
      if (EventStoreError.is(error, 'INVALID_ARGUMENT')) {
        list.forEach((event, index) => encodeEvent(event, `events[${index}]`))
      }
      throw error
    }
  }

  async subscribe(options: SubscribeOptions<Native>): Promise<Subscription> {
    const checked = this.#check(options)
    const subscription = GroupSubscription.start(this.#backend, checked, options.signal)
    this.#track(subscription)
    return subscription
  }

  async runOnce(options: SubscribeOptions<Native> & { readonly budgetMs: number }): Promise<RunResult> {
    const checked = this.#check(options)
    checkInteger(options.budgetMs, 'budgetMs', 1, 2 ** 31 - 1)
    const { subscription, result } = GroupSubscription.once(
      this.#backend,
      checked,
      options.budgetMs,
      options.signal,
    )
    this.#track(subscription)
    return result
  }

  group(name: string): ConsumerGroup {
    return new StoredConsumerGroup(this.#backend, name)
  }

  /** Closing stops what is under way and waits for it. */
  #track(subscription: Subscription): void {
    this.#subscriptions.add(subscription)
    const forget = (): void => void this.#subscriptions.delete(subscription)
    subscription.completed.then(forget, forget)
  }

  #check(options: SubscribeOptions<Native>): ConsumerOptions {
    this.#checkOpen()
    if (!this.capabilities.store || !this.capabilities.documents) {
      throw notSupported('a derived stream needs a store and documents')
    }
    return checkConsumerOptions(options, this.#backend.store.partitions, this.capabilities)
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all(
      Array.from(this.#subscriptions, (subscription) => subscription.stop()),
    ).then(() => undefined)
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
    if (typeof event !== 'object' || event === null)
      throw invalidArgument(`events[${index}]`, 'must be an object')
    checkName(event.streamId, field, MAX_STREAM_ID_BYTES - PUBLISHED_PREFIX.length)
    const group = groups.get(event.streamId)
    if (group === undefined) groups.set(event.streamId, [event])
    else group.push(event)
  })
  return groups
}
