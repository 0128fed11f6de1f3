import type { Capabilities } from './capabilities.ts'
import type { NewEvent } from './event.ts'
import type { RelayRequest } from './log-adapter.ts'
import type { Token } from './position.ts'
import type { RelaySession } from './relay-session.ts'
import type { ConsumerGroup, RunResult, SubscribeOptions, Subscription } from './consumer/subscription.ts'

/** An event to publish, with the stream (the key) within which order is kept. */
export interface PublishEvent extends NewEvent {
  readonly streamId: string
}

export interface PublishResult {
  readonly token: Token
}

/** Publish and subscribe: ordered within a stream id, delivered at least once to each group. */
export interface EventStream<Native = unknown> {
  readonly capabilities: Capabilities
  /** A random id of what is read and written here; positions carry it. */
  readonly incarnation: string
  readonly partitions: number
  /**
   * Publishes events; those of one stream keep the order of the calls.
   *
   * @throws {@link EventStoreError} where `outcome` is `unknown`, publishing again may double the events:
   *   consumers that must not see them twice deduplicate by id.
   */
  publish(
    events: PublishEvent | readonly PublishEvent[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<PublishResult>
  subscribe(options: SubscribeOptions<Native>): Promise<Subscription>
  /**
   * Handles what there is and returns: for functions and cron jobs. No new event is started after
   * `budgetMs`; what is in hand is finished and the checkpoint written.
   */
  runOnce(options: SubscribeOptions<Native> & { readonly budgetMs: number }): Promise<RunResult>
  /**
   * A group's lag and parked streams, for operators.
   *
   * @param options.ordering - as its members subscribe; default `stream`. Without order, what is parked is single
   *   events, and `replay` and `skip` are about all of a stream's that are.
   */
  group(name: string, options?: { readonly ordering?: 'stream' | 'none' | undefined }): ConsumerGroup
  /**
   * For relays: opens the one way to write events here together with the place they came from, and shuts out
   * all earlier sessions of the same relay and partition.
   *
   * @throws {@link EventStoreError} `NOT_SUPPORTED`: this stream is no relay's target. `STORE_INCOMPATIBLE`: the
   *   relay wrote from a source with another partition count.
   */
  openRelay(request: RelayRequest): Promise<RelaySession>
  close(): Promise<void>
}
