import type { BackendAdapter, Commit, CommitOutcome, EventStoreAdapter, StoredHead } from './adapter.ts'
import { asBackendError, checkExpectedVersion, checkInteger, throwIfAborted } from './arguments.ts'
import type { Capabilities } from './capabilities.ts'
import { furthest } from './commit-token.ts'
import { groupByScope, type PreparedCommit, prepareCommit } from './commit-request.ts'
import {
  EventStoreError,
  type ExpectedVersion,
  invalidArgument,
  notSupported,
  streamDeleted,
  VersionConflictError,
} from './error.ts'
import { PagedRead, SlicedRead } from './event-read.ts'
import type {
  AppendOptions,
  AppendResult,
  CommitRequest,
  CommitResult,
  CommitStream,
  EventRead,
  EventStore,
  FeedOptions,
  FeedRead,
  ImportEvent,
  ReadOptions,
  RemoveOptions,
  StreamHead,
  StreamResult,
} from './event-store.ts'
import type { NewEvent } from './event.ts'
import { checkFeedOptions, checkPosition, readFeed, readSlice } from './feed-reader.ts'
import { prepareImport } from './import-request.ts'
import { Lanes } from './lanes.ts'
import { LinkedSignal } from './linked-signal.ts'
import { partitionOf } from './partition.ts'
import { eventCheck, FEED_START, formatPosition, type Position, type Token, joinToken } from './position.ts'
import { firstResult } from './repeated-commit.ts'
import { checkStreamId } from './stream-id.ts'
import { checkReadOptions, readStream } from './stream-reader.ts'

const DEFAULT_LOCK_TIMEOUT_MS = 2000
const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** Made by `createBackend`: everything that all adapters have in common, written once. */
export class WrappedEventStore implements EventStore {
  readonly capabilities: Capabilities
  readonly incarnation: string
  readonly partitions: number
  readonly #name: string
  readonly #adapter: EventStoreAdapter
  readonly #lanes: Lanes
  readonly #lockTimeoutMs: number
  #closing: Promise<void> | undefined

  constructor(
    backend: Pick<BackendAdapter, 'name' | 'capabilities' | 'manifest' | 'lockTimeoutMs'>,
    adapter: EventStoreAdapter,
  ) {
    this.#name = backend.name
    this.capabilities = backend.capabilities
    this.incarnation = backend.manifest.incarnation
    this.partitions = backend.manifest.partitions
    this.#adapter = adapter
    this.#lockTimeoutMs = backend.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS
    this.#lanes = new Lanes(this.capabilities, (commits, lockTimeoutMs) =>
      adapter.doAppend(commits, lockTimeoutMs),
    )
  }

  async append(
    streamId: string,
    events: readonly NewEvent[],
    options: AppendOptions = {},
  ): Promise<AppendResult> {
    checkStreamId(streamId)
    this.#checkOpen()
    const { expectedVersion = 'any', lockTimeoutMs, signal } = options
    if (Array.isArray(events) && events.length === 0)
      return this.#checkOnly(streamId, expectedVersion, signal)
    const result = await this.#commit(
      { streams: [{ streamId, events, expectedVersion }], lockTimeoutMs, signal },
      '',
    )
    const [stream] = result.streams
    if (stream === undefined) throw asBackendError(undefined, 'write')
    const { version, position } = stream
    return { streamId: stream.streamId, version, position, token: result.token, repeated: result.repeated }
  }

  async commit(request: CommitRequest): Promise<CommitResult> {
    this.#checkOpen()
    if (!Array.isArray(request?.streams)) throw invalidArgument('streams', 'must be an array')
    request.streams.forEach((stream: CommitStream | null | undefined, index) =>
      checkStreamId(stream?.streamId, `streams[${index}].streamId`),
    )
    return this.#commit(request, 'streams[0].')
  }

  /**
   * Appends to several streams without expectations, in as few commits as the backend allows. All are
   * checked before the first is sent, and sent in one turn, so that calls keep their order in each stream.
   */
  async commitAll(streams: readonly CommitStream[], signal: AbortSignal | undefined): Promise<Token> {
    this.#checkOpen()
    throwIfAborted(signal)
    const groups = groupByScope(streams, this.capabilities.multiStreamAppend, this.partitions)
    const prepared = groups.map((group) => this.#prepare({ streams: group }, ''))
    const sent = prepared.map(async ({ commit }) => {
      const outcome = await this.#submit(commit, this.#lockTimeoutMs, signal)
      if (!outcome.ok) throw outcome.error
      return this.#committed(commit, outcome).token
    })
    const results = await Promise.allSettled(sent)
    const failed = results.find((result) => result.status === 'rejected')
    if (failed === undefined) return furthest(await Promise.all(sent))
    if (sent.length === 1) throw failed.reason
    throw new EventStoreError(
      'OUTCOME_UNKNOWN',
      'not all streams of this call were written; some may have been',
      {
        outcome: 'unknown',
        cause: failed.reason,
      },
    )
  }

  read(streamId: string, options: ReadOptions = {}): EventRead {
    checkStreamId(streamId)
    return this.readFrom(streamId, options)
  }

  /** `read` for the system's own streams too. */
  readFrom(streamId: string, options: ReadOptions): EventRead {
    const range = checkReadOptions(options)
    const source = {
      adapter: this.#adapter,
      incarnation: this.incarnation,
      streamId,
      partition: partitionOf(streamId, this.partitions),
      signal: options.signal,
      checkOpen: () => this.#checkOpen(),
    }
    return new PagedRead(() => readStream(source, range))
  }

  async head(streamId: string): Promise<StreamHead> {
    checkStreamId(streamId)
    const head = await this.#head(streamId)
    const { version, deleted, firstVersion } = head
    return {
      streamId,
      version,
      exists: version > 0 && !deleted,
      deleted,
      firstVersion,
      position: this.#headPosition(streamId, head),
    }
  }

  feed(options: FeedOptions = {}): FeedRead {
    const source = this.#feedSource()
    const range = checkFeedOptions(source, options)
    return new SlicedRead(() => readFeed(source, range))
  }

  feedSlice(request: Parameters<typeof readSlice>[1]): ReturnType<typeof readSlice> {
    return readSlice(this.#feedSource(), request)
  }

  async feedHead(partition = 0): Promise<Position> {
    this.#checkOpen()
    checkInteger(partition, 'partition', 0, this.partitions - 1)
    const { sequence, id } = await this.#read(this.#adapter.doFeedHead(partition))
    return formatPosition(
      this.incarnation,
      partition,
      id === undefined ? FEED_START : { sequence, check: eventCheck(id) },
    )
  }

  async waitForFeed(options: Parameters<EventStore['waitForFeed']>[0]): Promise<void> {
    this.#checkOpen()
    checkInteger(options.timeoutMs, 'timeoutMs', 0, MAX_TIMEOUT_MS)
    const { partition, after } = checkPosition(this.#feedSource(), options.after, options.partition)
    const linked = new LinkedSignal([options.signal], options.timeoutMs)
    try {
      if (!linked.signal.aborted)
        await this.#read(this.#adapter.doWaitForFeed(partition, after.sequence, linked.signal))
    } finally {
      linked.unlink()
    }
  }

  async delete(streamId: string, options: RemoveOptions = {}): Promise<{ readonly version: number }> {
    return this.#remove(streamId, 'delete', 0, options)
  }

  async truncate(
    streamId: string,
    options: RemoveOptions & { readonly before: number },
  ): Promise<{ readonly version: number }> {
    checkInteger(options?.before, 'before', 1)
    return this.#remove(streamId, 'truncate', options.before, options)
  }

  async import(events: readonly ImportEvent[]): Promise<{ readonly token: Token }> {
    this.#checkOpen()
    if (!this.capabilities.import) throw this.#notSupported('import')
    const positions: Position[] = []
    for (const [partition, imported] of prepareImport(events, this.partitions, this.capabilities)) {
      const outcome = await this.#write(this.#adapter.doImport(partition, imported))
      if (!outcome.ok) throw outcome.error
      const last = outcome.streams.at(-1)
      const id = imported.at(-1)?.id
      if (last !== undefined && id !== undefined) {
        positions.push(
          formatPosition(this.incarnation, partition, { sequence: last.sequence, check: eventCheck(id) }),
        )
      }
    }
    return { token: joinToken(positions) }
  }

  async seal(partition: number, sealed = true): Promise<void> {
    this.#checkOpen()
    checkInteger(partition, 'partition', 0, this.partitions - 1)
    if (!this.capabilities.seal) throw this.#notSupported('seal')
    await this.#write(this.#adapter.doSeal(partition, sealed))
  }

  close(): Promise<void> {
    this.#closing ??= this.#lanes.drain()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #commit(request: CommitRequest, fieldOfStream: string): Promise<CommitResult> {
    const { signal, lockTimeoutMs = this.#lockTimeoutMs } = request
    checkInteger(lockTimeoutMs, 'lockTimeoutMs', 1, MAX_TIMEOUT_MS)
    throwIfAborted(signal)
    const prepared = this.#prepare(request, fieldOfStream)
    const outcome = await this.#submit(prepared.commit, lockTimeoutMs, signal)
    if (outcome.ok) return this.#committed(prepared.commit, outcome)
    const first = prepared.repeatable
      ? await firstResult(this.#adapter, prepared.commit, outcome.error)
      : undefined
    if (first === undefined) throw outcome.error
    return { ...this.#committed(prepared.commit, first), repeated: true }
  }

  #prepare(request: CommitRequest, fieldOfStream: string): PreparedCommit {
    return prepareCommit(request, this.partitions, this.capabilities, this.#name, fieldOfStream)
  }

  async #submit(
    commit: Commit,
    lockTimeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<CommitOutcome> {
    try {
      const outcome = await this.#lanes.submit(commit, lockTimeoutMs, signal)
      // A commit of which only its own outcome is unknown, while the batch went through.
      if (!outcome.ok && outcome.error.outcome === 'unknown') throw outcome.error
      return outcome
    } catch (thrown) {
      const error = asBackendError(thrown, 'write')
      const fenced = commit.appends.every(
        ({ expectedVersion }) => expectedVersion === 'none' || typeof expectedVersion === 'number',
      )
      if (error.outcome === 'not-applied' || fenced) throw error
      // Law A7: nothing can fence a first attempt that is still on its way, so the caller must know.
      throw new EventStoreError(
        error.code,
        `${error.message}; with expectedVersion 'any' or 'exists' a repeat may double the events`,
        {
          outcome: 'unknown',
          retryable: error.retryable,
          cause: error,
        },
      )
    }
  }

  #committed(commit: Commit, outcome: Extract<CommitOutcome, { ok: true }>): CommitResult {
    const streams = commit.appends.map((append, index): StreamResult => {
      const stream = outcome.streams[index]
      const id = append.events.at(-1)?.id
      if (stream === undefined || id === undefined) throw asBackendError(undefined, 'write')
      const { sequence, version } = stream
      const position = formatPosition(this.incarnation, append.partition, { sequence, check: eventCheck(id) })
      return { streamId: append.streamId, version, position }
    })
    const token = furthest(streams.map(({ position = '' }) => position))
    return { streams, revisions: outcome.revisions, token, repeated: false }
  }

  /** Law A8: an append of nothing. */
  async #checkOnly(
    streamId: string,
    expectedVersion: ExpectedVersion,
    signal: AbortSignal | undefined,
  ): Promise<AppendResult> {
    checkExpectedVersion(expectedVersion, 'expectedVersion')
    throwIfAborted(signal)
    const head = await this.#head(streamId)
    const { version, deleted } = head
    const fits =
      typeof expectedVersion === 'number'
        ? version === expectedVersion
        : expectedVersion === 'any' || (expectedVersion === 'none') === (version === 0)
    if (deleted && !(fits && typeof expectedVersion === 'number')) throw streamDeleted(streamId, version)
    if (!fits) throw new VersionConflictError(streamId, expectedVersion, version)
    const position = this.#headPosition(streamId, head)
    return { streamId, version, position, token: position ?? '', repeated: false }
  }

  async #remove(
    streamId: string,
    kind: 'delete' | 'truncate',
    before: number,
    options: RemoveOptions,
  ): Promise<{ readonly version: number }> {
    this.#checkOpen()
    checkStreamId(streamId)
    const { expectedVersion = 'exists' } = options
    checkExpectedVersion(expectedVersion, 'expectedVersion')
    if (!this.capabilities.removal) throw this.#notSupported(kind)
    const partition = partitionOf(streamId, this.partitions)
    const outcome = await this.#write(
      this.#adapter.doRemove({ streamId, partition, kind, before, expectedVersion }),
    )
    if (!outcome.ok) throw outcome.error
    return { version: outcome.version }
  }

  #head(streamId: string): Promise<StoredHead> {
    this.#checkOpen()
    return this.#read(this.#adapter.doHead(streamId, partitionOf(streamId, this.partitions)))
  }

  #headPosition(streamId: string, { sequence, id }: StoredHead): Position | undefined {
    if (id === undefined) return undefined
    return formatPosition(this.incarnation, partitionOf(streamId, this.partitions), {
      sequence,
      check: eventCheck(id),
    })
  }

  #feedSource() {
    const { incarnation, partitions } = this
    return { adapter: this.#adapter, incarnation, partitions, checkOpen: () => this.#checkOpen() }
  }

  async #read<Result>(result: Promise<Result>): Promise<Result> {
    try {
      return await result
    } catch (error) {
      throw asBackendError(error, 'read')
    }
  }

  async #write<Result>(result: Promise<Result>): Promise<Result> {
    try {
      return await result
    } catch (error) {
      throw asBackendError(error, 'write')
    }
  }

  #checkOpen(): void {
    if (this.#closing !== undefined) throw new EventStoreError('CLOSED', 'the event store is closed')
  }

  #notSupported(verb: string): EventStoreError {
    return notSupported(`${this.#name} does not support ${verb}`)
  }
}
