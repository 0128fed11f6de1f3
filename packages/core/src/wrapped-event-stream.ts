import type { BackendAdapter } from './adapter.ts'
import type { Capabilities } from './capabilities.ts'
import type { CompetingAdapter } from './competing-adapter.ts'
import type { DocumentStore } from './document-store.ts'
import { encodeEvent } from './encode-event.ts'
import { EventStoreError, invalidArgument, notSupported } from './error.ts'
import type { EventStream, PublishEvent, PublishResult } from './event-stream.ts'
import type { NewEvent } from './event.ts'
import { checkName, MAX_STREAM_ID_BYTES } from './stream-id.ts'
import { checkConsumerOptions, type ConsumerOptions } from './consumer/consumer-options.ts'
import { CompetingGroup } from './consumer/competing-group.ts'
import { CompetingSubscription } from './consumer/competing-subscription.ts'
import { StoredConsumerGroup } from './consumer/consumer-group.ts'
import { GroupSubscription } from './consumer/group-subscription.ts'
import type { ConsumerBackend } from './consumer/run.ts'
import type { ConsumerGroup, RunResult, SubscribeOptions, Subscription } from './consumer/subscription.ts'
import { checkInteger } from './arguments.ts'
import type { RelayRequest } from './log-adapter.ts'
import { PUBLISHED_PREFIX } from './published.ts'
import { openRelaySession, type RelaySession } from './relay-session.ts'
import type { WrappedEventStore } from './wrapped-event-store.ts'

/** What an `EventStream` is made of. */
export interface StreamParts {
  /** The backend's store, or its log in the shape of one. */
  readonly store: WrappedEventStore
  readonly documents: DocumentStore | undefined
  readonly adapter: BackendAdapter
  readonly capabilities: Capabilities
}

/**
 * The `EventStream` of a backend: publishing appends, subscribing reads a feed. A native one has its log for
 * both; a derived one has the store, and publishes beside its aggregates.
 */
export class WrappedEventStream<Native> implements EventStream<Native> {
  readonly capabilities: Capabilities
  readonly incarnation: string
  readonly partitions: number
  readonly #backend: ConsumerBackend
  /** What names of streams start with where they are kept. */
  readonly #prefix: string
  readonly #subscriptions = new Set<Subscription>()
  #closing: Promise<void> | undefined

  constructor({ store, documents, adapter, capabilities }: StreamParts) {
    this.capabilities = capabilities
    this.incarnation = store.incarnation
    this.partitions = store.partitions
    const borrowedFor = adapter.borrowedDocuments === undefined ? undefined : store.incarnation
    this.#backend = { store, documents, adapter, borrowedFor }
    this.#prefix = adapter.log === undefined ? PUBLISHED_PREFIX : ''
  }

  async publish(
    events: PublishEvent | readonly PublishEvent[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<PublishResult> {
    this.#checkOpen()
    const list: readonly PublishEvent[] = Array.isArray(events) ? events : [events]
    if (list.length === 0) return { token: '' }
    const streams = Array.from(byStream(list, this.#prefix), ([streamId, group]) => ({
      streamId,
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
    const { backend, checked } = this.#check(options)
    const { signal } = options
    const subscription =
      checked.ordering === 'none'
        ? new CompetingSubscription({ backend, competing: this.#competing(), options: checked, signal })
        : GroupSubscription.start(backend, checked, signal)
    this.#track(subscription)
    return subscription
  }

  async runOnce(options: SubscribeOptions<Native> & { readonly budgetMs: number }): Promise<RunResult> {
    const { backend, checked } = this.#check(options)
    const { budgetMs, signal } = options
    checkInteger(budgetMs, 'budgetMs', 1, 2 ** 31 - 1)
    if (checked.ordering === 'none') {
      const terms = { backend, competing: this.#competing(), options: checked, signal, budgetMs }
      const competing = new CompetingSubscription(terms)
      this.#track(competing)
      return competing.result()
    }
    const { subscription, result } = GroupSubscription.once(backend, checked, budgetMs, signal)
    this.#track(subscription)
    return result
  }

  group(name: string, options: { readonly ordering?: 'stream' | 'none' | undefined } = {}): ConsumerGroup {
    if (options.ordering === 'none')
      return new CompetingGroup(this.#consumerBackend(), this.#competing(), name)
    return new StoredConsumerGroup(this.#consumerBackend(), name)
  }

  openRelay(request: RelayRequest): Promise<RelaySession> {
    this.#checkOpen()
    const { adapter } = this.#backend
    const target = adapter.log?.relay
    if (target === undefined)
      throw notSupported(`${adapter.name} cannot be a relay's target; copy or import into a store instead`)
    return openRelaySession(target, request, this)
  }

  /** Closing stops what is under way and waits for it. */
  #track(subscription: Subscription): void {
    this.#subscriptions.add(subscription)
    const forget = (): void => void this.#subscriptions.delete(subscription)
    subscription.completed.then(forget, forget)
  }

  #check(options: SubscribeOptions<Native>): {
    readonly backend: ConsumerBackend
    readonly checked: ConsumerOptions
  } {
    this.#checkOpen()
    const backend = this.#consumerBackend()
    return { backend, checked: checkConsumerOptions(options, backend.store.partitions, this.capabilities) }
  }

  #competing(): CompetingAdapter {
    const { adapter } = this.#backend
    if (adapter.log?.competing === undefined)
      throw notSupported(`${adapter.name} has no groups without order`)
    return adapter.log.competing
  }

  #consumerBackend(): ConsumerBackend {
    const { documents, adapter } = this.#backend
    const checkpoints = documents !== undefined || adapter.groups !== undefined
    if (this.capabilities.stream === 'none' || !checkpoints) {
      throw notSupported('consumer groups need something to read and documents to keep their checkpoints in')
    }
    return this.#backend
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

/** The events of each stream, by the name that it is kept under. */
function byStream(events: readonly PublishEvent[], prefix: string): ReadonlyMap<string, readonly NewEvent[]> {
  const groups = new Map<string, NewEvent[]>()
  events.forEach((event, index) => {
    const field = `events[${index}].streamId`
    if (typeof event !== 'object' || event === null)
      throw invalidArgument(`events[${index}]`, 'must be an object')
    checkName(event.streamId, field, MAX_STREAM_ID_BYTES - prefix.length)
    const name = prefix + event.streamId
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [event])
    else group.push(event)
  })
  return groups
}
