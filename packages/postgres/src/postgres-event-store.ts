import { type Commit, type CommitOutcome, VersionConflictError } from '@eventspine/core'
import type {
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
import { expectedVersion, integers } from './append-parameters.ts'
import type { Append } from './append.ts'
import { feedInfo, isLive, StoredRow, text } from './codec.ts'
import type { Runner, Statement, Value } from './driver.ts'
import { importOutcome, importValues } from './import-events.ts'
import type { Statements } from './statements.ts'

/** What differs between a store on its own and one within a transaction. */
export interface StoreBinding {
  readonly statements: Statements
  /** Runs reads. */
  readonly runner: Runner
  readonly append: Append
  /** Runs a write that needs its transaction to be read committed. */
  readonly write: (statement: Statement, values: readonly Value[]) => Promise<string>
  /** A commit reached `sequence`, now or when the transaction commits. */
  readonly reached: (partition: number, sequence: number) => void
  readonly waitForFeed: (partition: number, after: number, signal: AbortSignal) => Promise<void>
  readonly lockTimeoutMs: number
}

const SHORT_PAGE_EVENTS = 100

/** The store of one schema, over whatever runs its statements. */
export class PostgresEventStore implements EventStoreAdapter {
  readonly #binding: StoreBinding

  constructor(binding: StoreBinding) {
    this.#binding = binding
  }

  async doAppend(commits: readonly Commit[], lockTimeoutMs: number): Promise<readonly CommitOutcome[]> {
    const outcomes = await this.#binding.append(commits, lockTimeoutMs)
    outcomes.forEach((outcome, index) => {
      if (!outcome.ok) return
      commits[index]?.appends.forEach(({ partition }, append) => {
        this.#binding.reached(partition, outcome.streams[append]?.sequence ?? 0)
      })
    })
    return outcomes
  }

  async doRead({ streamId, partition, from, to, direction, limit }: StreamPageRequest): Promise<StreamPage> {
    const { readForward, readBackward } = this.#binding.statements
    const forward = direction === 'forward'
    // One row more than asked for tells that there is more, and spares a stream of just this length a second request.
    // Of a short page it would be too much of what is sent.
    const asked = limit < SHORT_PAGE_EVENTS ? limit : limit + 1
    const rows = await this.#binding.runner.run(forward ? readForward : readBackward, [
      streamId,
      from,
      to,
      asked,
    ])
    const page = rows.length > limit ? rows.slice(0, limit) : rows
    const found = page.map((row) => new StoredRow(row, partition, streamId))
    const border = forward ? -1 : found.findIndex((event) => !isLive(event))
    const events = border < 0 ? found : found.slice(0, border)
    const last = events.at(-1)?.version ?? from
    const done = rows.length < asked || border >= 0 || last === (forward ? to : from)
    return { events, done, next: forward ? last + 1 : last - 1 }
  }

  async doHead(streamId: string): Promise<StoredHead> {
    const [row] = await this.#binding.runner.run(this.#binding.statements.streamHead, [streamId])
    const [version = '', deleted, firstVersion, sequence, id] = text(row, 0).split(' ')
    if (version === '') return { version: 0, deleted: false, firstVersion: 1, sequence: 0, id: undefined }
    return {
      version: Number(version),
      deleted: deleted === 't',
      firstVersion: Number(firstVersion),
      sequence: Number(sequence),
      id,
    }
  }

  async doReadFeed({ partition, after, limit }: FeedPageRequest): Promise<FeedPage> {
    const rows = await this.#binding.runner.run(this.#binding.statements.readFeed, [partition, after, limit])
    const { last, anchorId } = feedInfo(rows[0])
    const found = rows.slice(1).map((row) => new StoredRow(row, partition, undefined))
    const end = found.at(-1)
    const next = end?.sequence ?? after
    return {
      events: found.every(isLive) ? found : found.filter(isLive),
      anchorId,
      firstKept: 1,
      next,
      nextId: end?.id ?? anchorId,
      atEnd: next >= last,
    }
  }

  async doFeedHead(partition: number): Promise<FeedHead> {
    const [row] = await this.#binding.runner.run(this.#binding.statements.feedHead, [partition])
    const [sequence, id] = text(row, 0).split(' ')
    return { sequence: Number(sequence), id }
  }

  doWaitForFeed(partition: number, after: number, signal: AbortSignal): Promise<void> {
    return this.#binding.waitForFeed(partition, after, signal)
  }

  async doRemove({
    streamId,
    partition,
    kind,
    before,
    expectedVersion: expected,
  }: StreamRemoval): Promise<RemovalOutcome> {
    const { statements, lockTimeoutMs, write } = this.#binding
    const border = kind === 'delete' ? null : before
    const answer = await write(statements.removeEvents, [
      lockTimeoutMs,
      partition,
      streamId,
      expectedVersion(expected),
      border,
    ])
    const [head, verdict] = answer.split(';')
    const version = Number(head)
    if (verdict === 'c') return { ok: false, error: new VersionConflictError(streamId, expected, version) }
    if (verdict === 'b') return { ok: false, error: new VersionConflictError(streamId, before - 1, version) }
    return { ok: true, version }
  }

  async doImport(partition: number, events: readonly ImportedEvent[]): Promise<CommitOutcome> {
    const { statements, lockTimeoutMs, write, reached } = this.#binding
    const answer = await write(statements.importEvents, [lockTimeoutMs, partition, ...importValues(events)])
    const outcome = importOutcome(answer, partition, events)
    if (outcome.ok) reached(partition, outcome.streams.at(-1)?.sequence ?? 0)
    return outcome
  }

  async doSeal(partition: number, sealed: boolean): Promise<void> {
    const { statements, lockTimeoutMs, write } = this.#binding
    await write(statements.seal, [lockTimeoutMs, partition, String(sealed)])
  }
}

/** The last sequence of each partition, for those who wait for the feed. */
export async function lastSequences(
  runner: Runner,
  statements: Statements,
  partitions: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const [row] = await runner.run(statements.feedHeads, [integers(partitions)])
  const sequences = text(row, 0).split(' ').map(Number)
  return new Map(partitions.map((partition, index) => [partition, sequences[index] ?? 0]))
}
