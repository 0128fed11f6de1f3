import type {
  Commit,
  CommitOutcome,
  EventStoreAdapter,
  FeedHead,
  FeedPage,
  FeedPageRequest,
  FeedWake,
  ImportedEvent,
  RemovalOutcome,
  StoredHead,
  StreamPage,
  StreamPageRequest,
  StreamRemoval,
} from '@eventspine/core'
import type { FeedReader } from './feed-reader.ts'
import { FeedTail } from './feed-tail.ts'
import { importEvents } from './import-events.ts'
import type { Keys } from './keys.ts'
import { PartitionWriter, type WriterOptions } from './partition-writer.ts'
import { Removal } from './removal.ts'
import { seal } from './seal.ts'
import { StreamHeads } from './stream-heads.ts'
import { StreamReader } from './stream-reader.ts'
import type { Table } from './table.ts'

export interface EventStoreOptions {
  readonly table: Table
  readonly keys: Keys
  readonly feed: FeedReader
  readonly feedWake: FeedWake
}

/** The store under one prefix of a table. */
export class DynamodbEventStore implements EventStoreAdapter {
  readonly #options: EventStoreOptions
  readonly #heads: StreamHeads
  readonly #reader: StreamReader
  readonly #removal: Removal
  readonly #tails = new Map<number, FeedTail>()

  constructor(options: EventStoreOptions) {
    const { table, keys } = options
    this.#options = options
    this.#heads = new StreamHeads(table, keys)
    this.#reader = new StreamReader(table, keys, this.#heads)
    this.#removal = new Removal(table, keys, this.#heads)
  }

  async doAppend(commits: readonly Commit[], lockTimeoutMs: number): Promise<readonly CommitOutcome[]> {
    const partition = commits[0]?.appends[0]?.partition ?? 0
    const writer = new PartitionWriter(this.#writing(partition))
    return writer.append(commits, lockTimeoutMs, (sequence) => this.#reached(partition, sequence))
  }

  doRead(request: StreamPageRequest): Promise<StreamPage> {
    return this.#reader.page(request)
  }

  doHead(streamId: string, partition: number): Promise<StoredHead> {
    return this.#heads.describe(streamId, partition)
  }

  doReadFeed(request: FeedPageRequest): Promise<FeedPage> {
    return this.#options.feed.page(request)
  }

  doFeedHead(partition: number): Promise<FeedHead> {
    return this.#options.feed.head(partition)
  }

  doWaitForFeed(partition: number, after: number, signal: AbortSignal): Promise<void> {
    return this.#options.feedWake.wait(partition, after, signal)
  }

  doRemove(removal: StreamRemoval): Promise<RemovalOutcome> {
    return this.#removal.remove(removal)
  }

  doImport(partition: number, events: readonly ImportedEvent[]): Promise<CommitOutcome> {
    const onWritten = (sequence: number): void => this.#reached(partition, sequence)
    return importEvents({ ...this.#writing(partition), reader: this.#reader, onWritten }, events)
  }

  doSeal(partition: number, sealed: boolean): Promise<void> {
    const { table, keys, feed } = this.#options
    return seal({ table, keys, feed, tail: this.#tail(partition) }, sealed)
  }

  #writing(partition: number): WriterOptions {
    const { table, keys } = this.#options
    return { table, keys, heads: this.#heads, tail: this.#tail(partition) }
  }

  #tail(partition: number): FeedTail {
    let tail = this.#tails.get(partition)
    if (tail === undefined) {
      tail = new FeedTail(partition, this.#options.feed, this.#heads)
      this.#tails.set(partition, tail)
    }
    return tail
  }

  #reached(partition: number, sequence: number): void {
    this.#options.feedWake.committed(partition, sequence)
  }
}
