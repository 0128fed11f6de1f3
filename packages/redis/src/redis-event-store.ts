import { EventStoreError, VersionConflictError } from '@eventspine/core'
import type {
  Commit,
  CommitOutcome,
  EventStoreAdapter,
  FeedHead,
  FeedPage,
  FeedPageRequest,
  ImportedEvent,
  RemovalOutcome,
  StoredHead,
  StreamPage,
  StreamPageRequest,
  StreamRemoval,
} from '@eventspine/core'
import { packEvents } from './codec.ts'
import { expectedVersion, partitionSealed } from './commit-call.ts'
import type { Committer } from './committer.ts'
import type { Connection } from './connection.ts'
import { readFeedPage } from './feed-page.ts'
import type { PartitionKeys } from './keys.ts'
import { importScript } from './scripts/import-script.ts'
import { feedHeadScript, streamHeadScript } from './scripts/read-scripts.ts'
import { removalScript } from './scripts/removal-script.ts'
import { sealScript } from './scripts/seal-script.ts'
import { StreamReader } from './stream-reader.ts'

/** What one call of a removal takes away: others wait for it meanwhile. */
const REMOVED_ENTRIES = 500
const REMOVED_BYTES = 1024 * 1024

export interface RedisEventStoreOptions {
  readonly connection: Connection
  readonly keys: readonly PartitionKeys[]
  readonly committer: Committer
  readonly bodyInFeed: boolean
  readonly waitForFeed: (partition: number, after: number, signal: AbortSignal) => Promise<void>
}

/** The store under one prefix. */
export class RedisEventStore implements EventStoreAdapter {
  readonly #options: RedisEventStoreOptions
  readonly #connection: Connection
  readonly #reader: StreamReader

  constructor(options: RedisEventStoreOptions) {
    this.#options = options
    this.#connection = options.connection
    this.#reader = new StreamReader(options.connection)
  }

  doAppend(commits: readonly Commit[]): Promise<readonly CommitOutcome[]> {
    return this.#options.committer.commitAll(commits, commits[0]?.appends[0]?.partition ?? 0)
  }

  doRead(request: StreamPageRequest): Promise<StreamPage> {
    const keys = this.#keys(request.partition)
    return this.#reader.page(request, keys)
  }

  async doHead(streamId: string, partition: number): Promise<StoredHead> {
    const answer = await this.#connection.readScript(
      streamHeadScript,
      [this.#keys(partition).heads],
      [streamId],
    )
    const [head, firstVersion, sequence, id] = answer as readonly (number | string)[]
    const version = Math.abs(Number(head))
    if (version === 0) return { version, deleted: false, firstVersion: 1, sequence: 0, id: undefined }
    return {
      version,
      deleted: Number(head) < 0,
      firstVersion: Number(firstVersion),
      sequence: Number(sequence),
      id: orUndefined(id),
    }
  }

  doReadFeed(request: FeedPageRequest): Promise<FeedPage> {
    return readFeedPage(this.#connection, this.#keys(request.partition), request)
  }

  async doFeedHead(partition: number): Promise<FeedHead> {
    const keys = this.#keys(partition)
    const answer = await this.#connection.readScript(
      feedHeadScript,
      [keys.feed, keys.sequence, keys.hidden],
      [],
    )
    const [sequence, id] = answer as readonly (number | string)[]
    return { sequence: Number(sequence), id: orUndefined(id) }
  }

  doWaitForFeed(partition: number, after: number, signal: AbortSignal): Promise<void> {
    return this.#options.waitForFeed(partition, after, signal)
  }

  async doRemove({
    streamId,
    partition,
    kind,
    before,
    expectedVersion: expected,
  }: StreamRemoval): Promise<RemovalOutcome> {
    const keys = this.#keys(partition)
    let judged = false
    for (;;) {
      const answer = await this.#connection.writeScript(
        removalScript,
        [keys.heads, keys.feed, keys.hidden],
        [streamId, kind, before, judged ? '' : expectedVersion(expected), REMOVED_ENTRIES, REMOVED_BYTES],
      )
      const [word, number] = answer as readonly (number | string)[]
      const version = Number(number)
      if (word === 'done') return { ok: true, version }
      if (word === 'version')
        return { ok: false, error: new VersionConflictError(streamId, expected, version) }
      if (word === 'bound')
        return { ok: false, error: new VersionConflictError(streamId, before - 1, version) }
      judged = word === 'more'
    }
  }

  async doImport(partition: number, events: readonly ImportedEvent[]): Promise<CommitOutcome> {
    const keys = this.#keys(partition)
    const args = [this.#options.bodyInFeed ? '1' : '']
    for (const event of events)
      args.push(event.streamId, String(event.version), event.id, `${event.timestampMs}${packEvents([event])}`)
    const answer = await this.#connection.writeScript(
      importScript,
      [keys.heads, keys.sequence, keys.feed],
      args,
    )
    const [verdict, first, second] = String(answer).split(' ')
    if (verdict === 'k')
      return { ok: true, streams: [{ version: Number(first), sequence: Number(second) }], revisions: [] }
    if (verdict === 's') return { ok: false, error: partitionSealed(partition) }
    const { streamId, version } = events[Number(first) - 1] ?? { streamId: '', version: 0 }
    if (verdict === 'v')
      return { ok: false, error: new VersionConflictError(streamId, version - 1, Number(second)) }
    const message = `stream ${JSON.stringify(streamId)} holds another event at version ${version}`
    return { ok: false, error: new EventStoreError('ID_REUSED', message) }
  }

  async doSeal(partition: number, sealed: boolean): Promise<void> {
    await this.#connection.writeScript(sealScript, [this.#keys(partition).sequence], [sealed ? '1' : ''])
  }

  #keys(partition: number): PartitionKeys {
    const keys = this.#options.keys[partition]
    if (keys === undefined) throw new RangeError(`there is no partition ${partition}`)
    return keys
  }
}

function orUndefined(id: number | string | undefined): string | undefined {
  return id === undefined || id === '' ? undefined : String(id)
}
