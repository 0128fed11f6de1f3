import { EventStoreError, streamDeleted, VersionConflictError } from '@eventspine/core'
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
  StreamAppend,
  StreamPage,
  StreamPageRequest,
  StreamRemoval,
} from '@eventspine/core'
import type { MemoryDatabase, Row, RowList, StreamRows } from './database.ts'
import type { MemoryDocumentStore } from './memory-document-store.ts'
import { waitForWake } from './wait-for-wake.ts'

/** The store over a database; with `journal` set, within its open transaction. */
export class MemoryEventStore implements EventStoreAdapter {
  readonly #database: MemoryDatabase
  readonly #documents: MemoryDocumentStore
  readonly #journal: Row[] | undefined

  constructor(database: MemoryDatabase, documents: MemoryDocumentStore, journal?: Row[]) {
    this.#database = database
    this.#documents = documents
    this.#journal = journal
  }

  async doAppend(commits: readonly Commit[], lockTimeoutMs: number): Promise<readonly CommitOutcome[]> {
    const appendAll = () => commits.map((commit) => this.#append(commit))
    if (this.#journal !== undefined) return appendAll()
    try {
      return await this.#database.whenFree(lockTimeoutMs, appendAll)
    } catch (error) {
      if (!EventStoreError.is(error, 'BUSY')) throw error
      return commits.map(() => ({ ok: false, error }))
    }
  }

  async doRead({ streamId, from, to, direction, limit }: StreamPageRequest): Promise<StreamPage> {
    const stream = this.#database.streams.get(streamId)
    if (stream === undefined) return { events: [], done: true, next: from }
    const first = Math.max(from, stream.firstVersion)
    const last = Math.min(to, this.#version(stream))
    const start = direction === 'forward' ? first : Math.max(first, last - limit + 1)
    const end = direction === 'forward' ? Math.min(last, first + limit - 1) : last
    if (start > end) return { events: [], done: true, next: from }
    const events = stream.rows.slice(start - stream.first, end - stream.first + 1)
    if (direction === 'forward') return { events, done: end === last, next: end + 1 }
    return { events: events.toReversed(), done: start === first, next: start - 1 }
  }

  async doHead(streamId: string): Promise<StoredHead> {
    const stream = this.#database.streams.get(streamId)
    const version = stream === undefined ? 0 : this.#version(stream)
    const row = stream?.rows[version - stream.first]
    if (stream === undefined || row === undefined) {
      return { version: 0, deleted: false, firstVersion: 1, sequence: 0, id: undefined }
    }
    const { firstVersion, deletedAt } = stream
    return { version, deleted: deletedAt === version, firstVersion, sequence: row.sequence, id: row.id }
  }

  async doReadFeed({ partition, after, limit }: FeedPageRequest): Promise<FeedPage> {
    const feed = this.#database.partition(partition)
    const length = this.#length(feed)
    const next = Math.min(after + limit, Math.max(length, after))
    const rows = feed.rows.slice(after, next)
    return {
      events: rows.filter((row) => !row.removed),
      anchorId: after <= length ? feed.rows[after - 1]?.id : undefined,
      firstKept: 1,
      next,
      nextId: rows.at(-1)?.id,
      atEnd: next >= length,
    }
  }

  async doFeedHead(partition: number): Promise<FeedHead> {
    const feed = this.#database.partition(partition)
    const sequence = this.#length(feed)
    return { sequence, id: feed.rows[sequence - 1]?.id }
  }

  async doWaitForFeed(partition: number, after: number, signal: AbortSignal): Promise<void> {
    const feed = this.#database.partition(partition)
    if (feed.committed <= after) await waitForWake(feed.waiting, signal)
  }

  async doRemove(removal: StreamRemoval): Promise<RemovalOutcome> {
    this.#refuseInTransaction(removal.kind)
    return this.#database.whenFree(Infinity, () => this.#remove(removal))
  }

  #remove({ streamId, kind, before, expectedVersion }: StreamRemoval): RemovalOutcome {
    const stream = this.#database.streams.get(streamId)
    const version = stream === undefined ? 0 : this.#version(stream)
    const deleted = stream !== undefined && version > 0 && stream.deletedAt === version
    const fits =
      typeof expectedVersion === 'number'
        ? version === expectedVersion
        : expectedVersion === 'any' || (expectedVersion === 'none') === (version === 0)
    if (!fits) return { ok: false, error: new VersionConflictError(streamId, expectedVersion, version) }
    if (stream === undefined || deleted) return { ok: true, version }
    const firstKept = kind === 'delete' ? version + 1 : before
    if (firstKept > version + 1)
      return { ok: false, error: new VersionConflictError(streamId, before - 1, version) }
    for (let index = 0; index < firstKept - stream.first; index++) this.#bury(stream, index)
    stream.firstVersion = Math.max(stream.firstVersion, firstKept)
    if (kind === 'delete') stream.deletedAt = version
    return { ok: true, version }
  }

  async doImport(partition: number, events: readonly ImportedEvent[]): Promise<CommitOutcome> {
    this.#refuseInTransaction('import')
    return this.#database.whenFree(Infinity, () => this.#import(partition, events))
  }

  #import(partition: number, events: readonly ImportedEvent[]): CommitOutcome {
    const { sealed } = this.#database.partition(partition)
    if (sealed) return { ok: false, error: partitionSealed(partition) }
    const added: Row[] = []
    let last: Row | undefined
    for (const { streamId, version, timestampMs, ...event } of events) {
      const stream = this.#database.streams.get(streamId)
      const head = stream === undefined ? version - 1 : stream.first + stream.rows.length - 1
      if (version === head + 1) {
        last = this.#database.push(streamId, partition, event, version, timestampMs)
        added.push(last)
        continue
      }
      const standing = stream?.rows[version - stream.first]
      if (standing?.id === event.id) {
        last = standing
        continue
      }
      this.#database.undo(added)
      const error =
        standing === undefined
          ? new VersionConflictError(streamId, version - 1, head)
          : new EventStoreError(
              'ID_REUSED',
              `stream ${JSON.stringify(streamId)} holds another event at version ${version}`,
            )
      return { ok: false, error }
    }
    this.#database.commit(added)
    return {
      ok: true,
      streams: last === undefined ? [] : [{ version: last.version, sequence: last.sequence }],
      revisions: [],
    }
  }

  async doSeal(partition: number, sealed: boolean): Promise<void> {
    this.#refuseInTransaction('seal')
    await this.#database.whenFree(Infinity, () => {
      this.#database.partition(partition).sealed = sealed
    })
  }

  /** No await between the checks and the writes: nothing can come in between. */
  #append(commit: Commit): CommitOutcome {
    for (const append of commit.appends) {
      const error = this.#refusal(append)
      if (error !== undefined) return { ok: false, error }
    }
    const written = this.#documents.write(commit.documents)
    if (!written.ok) return written
    const timestampMs = this.#database.clock()
    const rows: Row[] = []
    const streams = commit.appends.map(({ streamId, partition, events }) => {
      const stream = this.#database.streams.get(streamId)
      let version = stream === undefined ? 0 : stream.first + stream.rows.length - 1
      let sequence = 0
      for (const event of events) {
        version++
        const row = this.#database.push(streamId, partition, event, version, timestampMs)
        sequence = row.sequence
        rows.push(row)
      }
      return { version, sequence }
    })
    if (this.#journal === undefined) this.#database.commit(rows)
    else this.#journal.push(...rows)
    return { ok: true, streams, revisions: written.revisions }
  }

  #refusal({ streamId, partition, expectedVersion }: StreamAppend): EventStoreError | undefined {
    if (this.#database.partition(partition).sealed) return partitionSealed(partition)
    const stream = this.#database.streams.get(streamId)
    const version = stream === undefined ? 0 : stream.first + stream.rows.length - 1
    const exact = expectedVersion === version
    if (stream !== undefined && stream.deletedAt === version && !exact)
      return streamDeleted(streamId, version)
    if (exact || expectedVersion === 'any' || expectedVersion === (version === 0 ? 'none' : 'exists'))
      return undefined
    return new VersionConflictError(streamId, expectedVersion, version)
  }

  /** Puts a tombstone in a row's places; a reader that holds the row keeps what it read. */
  #bury(stream: StreamRows, index: number): void {
    const row = stream.rows[index]
    if (row === undefined || row.removed) return
    const tombstone: Row = { ...row, codec: 0, data: 'null', metadata: '{}', removed: true }
    stream.rows[index] = tombstone
    this.#database.partition(row.partition).rows[row.sequence - 1] = tombstone
  }

  #length(list: RowList): number {
    return this.#journal === undefined ? list.committed : list.rows.length
  }

  #version(stream: StreamRows): number {
    const length = this.#length(stream)
    return length === 0 ? 0 : stream.first + length - 1
  }

  #refuseInTransaction(verb: string): void {
    if (this.#journal !== undefined) {
      throw new EventStoreError('NOT_SUPPORTED', `memory: ${verb} within a transaction is not supported`)
    }
  }
}

function partitionSealed(partition: number): EventStoreError<'PARTITION_SEALED'> {
  return new EventStoreError('PARTITION_SEALED', `partition ${partition} is sealed: it accepts no appends`)
}
