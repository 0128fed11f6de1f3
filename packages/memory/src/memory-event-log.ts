import type {
  Commit,
  CommitOutcome,
  CompetingAdapter,
  EventLogAdapter,
  FeedHead,
  FeedPage,
  FeedPageRequest,
  RelayTargetAdapter,
} from '@eventspine/core'
import type { MemoryLogDatabase, NewEntry } from './log-database.ts'
import { MemoryCompeting } from './memory-competing.ts'
import { MemoryRelayTarget } from './memory-relay-target.ts'
import { waitForWake } from './wait-for-wake.ts'

/** The log over a database. Nothing awaits between its first and its last write, so all calls are atomic. */
export class MemoryEventLog implements EventLogAdapter {
  readonly relay: RelayTargetAdapter
  readonly competing: CompetingAdapter
  readonly #database: MemoryLogDatabase

  constructor(database: MemoryLogDatabase) {
    this.#database = database
    this.relay = new MemoryRelayTarget(database)
    this.competing = new MemoryCompeting(database)
  }

  async doPublish(commits: readonly Commit[]): Promise<readonly CommitOutcome[]> {
    return commits.map((commit) => this.#publish(commit))
  }

  async doReadFeed({ partition, after, limit }: FeedPageRequest): Promise<FeedPage> {
    const { entries, firstKept, last } = this.#database.partition(partition)
    const start = Math.max(0, after + 1 - firstKept)
    const events = entries.slice(start, start + limit)
    const anchorId = after === last.sequence ? last.id : entries[after - firstKept]?.id
    const end = events.at(-1)
    return {
      events,
      anchorId,
      firstKept,
      next: end?.sequence ?? after,
      nextId: end?.id ?? anchorId,
      atEnd: start + events.length >= entries.length,
    }
  }

  async doFeedHead(partition: number): Promise<FeedHead> {
    return this.#database.partition(partition).last
  }

  async doWaitForFeed(partition: number, after: number, signal: AbortSignal): Promise<void> {
    const { last, waiting } = this.#database.partition(partition)
    if (last.sequence <= after) await waitForWake(waiting, signal)
  }

  #publish({ appends }: Commit): CommitOutcome {
    const timestampMs = this.#database.documents.clock()
    const entries: NewEntry[] = []
    for (const { streamId, partition, events } of appends) {
      for (const event of events) entries.push({ event, streamId, partition, timestampMs })
    }
    const sequences = this.#database.push(entries)
    let published = 0
    const streams = appends.map(({ events }) => {
      published += events.length
      const sequence = sequences[published - 1] ?? 0
      return { version: sequence, sequence }
    })
    return { ok: true, streams, revisions: [] }
  }
}
