import type {
  Commit,
  CommitOutcome,
  EventLogAdapter,
  FeedHead,
  FeedPage,
  FeedPageRequest,
  RelayTargetAdapter,
} from '@eventspine/core'
import { LogReader, type LogReaderOptions } from './log-reader.ts'
import { LogWaiter } from './log-waiter.ts'
import { KafkaRelayTarget } from './relay-target.ts'
import { Publisher, type PublisherOptions } from './publisher.ts'

/** A topic as core sees it: an ordered log a partition. */
export class KafkaLog implements EventLogAdapter {
  readonly relay: RelayTargetAdapter
  readonly #publisher: Publisher
  readonly #reader: LogReader
  readonly #waiter: LogWaiter

  constructor(options: PublisherOptions & LogReaderOptions) {
    this.relay = new KafkaRelayTarget(options)
    this.#publisher = new Publisher(options)
    this.#reader = new LogReader(options)
    this.#waiter = new LogWaiter(options.client, options.topic, () => this.#reader.distrust())
  }

  doPublish(commits: readonly Commit[]): Promise<readonly CommitOutcome[]> {
    return this.#publisher.publish(commits)
  }

  doReadFeed(request: FeedPageRequest): Promise<FeedPage> {
    return this.#reader.readFeed(request)
  }

  doFeedHead(partition: number): Promise<FeedHead> {
    return this.#reader.feedHead(partition)
  }

  doWaitForFeed(partition: number, after: number, signal: AbortSignal): Promise<void> {
    return this.#waiter.wait(partition, this.#reader.waitOffset(partition, after), signal)
  }

  async close(): Promise<void> {
    await Promise.all([this.#publisher.close(), this.#reader.close(), this.#waiter.close()])
  }
}
