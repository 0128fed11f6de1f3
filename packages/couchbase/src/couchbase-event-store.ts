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
import { Committer } from './committer.ts'
import type { Connection } from './connection.ts'
import type { FeedReader } from './feed-reader.ts'
import { Importer } from './importer.ts'
import type { Keys } from './keys.ts'
import type { Partition } from './partition.ts'
import { Removal } from './removal.ts'
import { sealPartition } from './seal.ts'
import { StreamReader } from './stream-reader.ts'
import { StreamTips } from './stream-tips.ts'

export interface CouchbaseEventStoreOptions {
  readonly connection: Connection
  readonly keys: Keys
  readonly partitions: readonly Partition[]
  readonly feeds: readonly FeedReader[]
  readonly feedWake: FeedWake
}

/** The store under one prefix. */
export class CouchbaseEventStore implements EventStoreAdapter {
  readonly #options: CouchbaseEventStoreOptions
  readonly #streams: StreamReader
  readonly #committer: Committer
  readonly #importer: Importer
  readonly #removal: Removal

  constructor(options: CouchbaseEventStoreOptions) {
    const { connection, keys, partitions } = options
    const tips = new StreamTips(connection, keys)
    this.#options = options
    this.#streams = new StreamReader(connection, keys, tips)
    this.#removal = new Removal({ connection, keys, tips, reader: this.#streams, partitions })
    const finishDeletion = this.#removal.finishDeletion.bind(this.#removal)
    this.#committer = new Committer({ tips, partitions, finishDeletion })
    this.#importer = new Importer({ tips, reader: this.#streams, finishDeletion })
  }

  doAppend(commits: readonly Commit[], lockTimeoutMs: number): Promise<readonly CommitOutcome[]> {
    return this.#committer.commitAll(commits, lockTimeoutMs)
  }

  doRead(request: StreamPageRequest): Promise<StreamPage> {
    return this.#streams.page(request)
  }

  doHead(streamId: string): Promise<StoredHead> {
    return this.#streams.head(streamId)
  }

  doReadFeed(request: FeedPageRequest): Promise<FeedPage> {
    return of(this.#options.feeds, request.partition).read(request)
  }

  doFeedHead(partition: number): Promise<FeedHead> {
    return of(this.#options.feeds, partition).head()
  }

  doWaitForFeed(partition: number, after: number, signal: AbortSignal): Promise<void> {
    return this.#options.feedWake.wait(partition, after, signal)
  }

  doRemove(removal: StreamRemoval): Promise<RemovalOutcome> {
    return this.#removal.remove(removal)
  }

  doImport(partition: number, events: readonly ImportedEvent[]): Promise<CommitOutcome> {
    return this.#importer.import(of(this.#options.partitions, partition), events)
  }

  doSeal(partition: number, sealed: boolean): Promise<void> {
    const { connection, partitions, feeds } = this.#options
    return sealPartition(connection, of(partitions, partition).chain, of(feeds, partition), sealed)
  }
}

function of<Part>(parts: readonly Part[], partition: number): Part {
  const part = parts[partition]
  if (part === undefined) throw new RangeError(`there is no partition ${partition}`)
  return part
}
