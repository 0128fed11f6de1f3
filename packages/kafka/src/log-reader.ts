import { setTimeout as delay } from 'node:timers/promises'
import {
  EventStoreError,
  type FeedHead,
  type FeedPage,
  type FeedPageRequest,
  type StoredEvent,
} from '@eventspine/core'
import { BrokerConnections } from './broker-connections.ts'
import type { KafkaClient } from './client.ts'
import type { RecordDecoder } from './decode-record.ts'
import { type FetchedRecords, fetchedRecords } from './fetched-records.ts'
import { topicBounds, withAdmin } from './topic.ts'

export interface LogReaderOptions {
  readonly client: KafkaClient
  readonly topic: string
  readonly decoder: RecordDecoder
  /** Milliseconds that a read looks for brokers that answer. */
  readonly timeoutMs: number
}

const FETCH_BYTES = 1024 * 1024
/** How far before its end a log is looked through for its last event; markers of transactions may stand there. */
const HEAD_SCAN_RECORDS = 64

/** Whoever reads on later than that has the event compared that it goes on from. */
const TRUSTED_MS = 10_000

/** Between two looks at a leader that does not show what was read before. */
const SHOWN_PAUSE_MS = 20

/** Where a page ended. */
interface Known {
  readonly after: number
  readonly anchorId: string | undefined
  /** Up to there only markers and aborted records follow. */
  readonly end: number
  readonly leaderEpoch: number | undefined
  readonly failures: number
  readonly readAtMs: number
}

/** What was fetched beyond a page. Only for the page right behind it. */
interface Rest {
  readonly after: number
  readonly anchorId: string | undefined
  readonly events: readonly StoredEvent[]
  readonly fetched: Pick<FetchedRecords, 'end' | 'start' | 'leaderEpoch'>
}

/** Reads partitions of a topic from any place on, up to the last stable offset. */
export class LogReader {
  readonly #options: LogReaderOptions
  readonly #pages: BrokerConnections
  readonly #rests = new Map<number, Rest>()
  readonly #known = new Map<number, Known>()
  #failures = 0

  constructor(options: LogReaderOptions) {
    this.#options = options
    this.#pages = new BrokerConnections(options.client, options.topic)
  }

  async readFeed({ partition, after, limit }: FeedPageRequest): Promise<FeedPage> {
    const rest = this.#rests.get(partition)
    this.#rests.delete(partition)
    if (rest !== undefined && rest.after === after) return this.#page(partition, limit, rest, false)
    const known = this.#known.get(partition)
    if (known?.after === after && this.#isTrusted(known)) {
      const { anchorId, leaderEpoch } = known
      const next = await this.#fetch(partition, known.end)
      if (next !== undefined && (next.leaderEpoch ?? leaderEpoch) === leaderEpoch)
        return this.#pageFrom(partition, after, limit, { ...next, leaderEpoch }, anchorId)
      // A leader elected since may have lost what was read, and filled the offsets anew.
    }
    // The event at `after` comes along, so that it can be compared with the position.
    const fetched = await this.#fetchShown(partition, after)
    if (fetched !== undefined) return this.#pageFrom(partition, after, limit, fetched)
    const { low, high } = await this.#bounds(partition)
    if (after - 1 > high) {
      // Past the head: nothing stands there.
      return {
        events: [],
        anchorId: undefined,
        firstKept: low + 1,
        next: after,
        nextId: undefined,
        atEnd: true,
      }
    }
    const kept = await this.#fetch(partition, low)
    return this.#pageFrom(
      partition,
      after,
      limit,
      kept ?? { messages: [], end: low, stableEnd: low, start: low, leaderEpoch: undefined },
    )
  }

  async feedHead(partition: number): Promise<FeedHead> {
    const { low, high } = await this.#bounds(partition)
    for (let back = HEAD_SCAN_RECORDS; ; back *= 16) {
      const from = Math.max(low, high - back)
      const last = await this.#lastEvent(partition, from)
      if (last !== undefined) return { sequence: last.sequence, id: last.id }
      if (from === low) return { sequence: 0, id: undefined }
    }
  }

  /** The offset at which something new would be seen by one who knows `after`. */
  waitOffset(partition: number, after: number): number {
    const known = this.#known.get(partition)
    return known?.after === after ? Math.max(after, known.end) : after
  }

  /** Something happened to the topic or its brokers: what was read before is compared anew. */
  distrust(): void {
    this.#failures++
  }

  close(): Promise<void> {
    this.#rests.clear()
    return this.#pages.close()
  }

  async #pageFrom(
    partition: number,
    after: number,
    limit: number,
    first: FetchedRecords,
    knownAnchorId?: string,
  ): Promise<FeedPage> {
    let fetched = first
    let anchorId = knownAnchorId
    const events = this.#decode(fetched, partition)
    if (events[0]?.sequence === after) anchorId = events.shift()?.id
    // Only markers and aborted records came: events may follow.
    while (events.length === 0 && fetched.end < fetched.stableEnd) {
      const { end } = fetched
      const more = await this.#fetch(partition, end)
      if (more === undefined || more.end === end) break
      events.push(...this.#decode(more, partition))
      fetched = more
    }
    const atEnd = fetched.end >= fetched.stableEnd
    return this.#page(partition, limit, { after, anchorId, events, fetched }, atEnd)
  }

  #page(
    partition: number,
    limit: number,
    { after, anchorId, events, fetched }: Rest,
    atEnd: boolean,
  ): FeedPage {
    const page = events.slice(0, limit)
    const last = page.at(-1)
    const next = last?.sequence ?? after
    const nextId = last?.id ?? anchorId
    if (events.length > limit)
      this.#rests.set(partition, { after: next, anchorId: nextId, events: events.slice(limit), fetched })
    else this.#remember(partition, next, nextId, fetched)
    return {
      events: page,
      anchorId,
      firstKept: fetched.start + 1,
      next,
      nextId,
      atEnd: atEnd && events.length <= limit,
    }
  }

  #remember(
    partition: number,
    after: number,
    anchorId: string | undefined,
    { end, leaderEpoch }: Rest['fetched'],
  ): void {
    const readAtMs = performance.now()
    const failures = this.#failures + this.#pages.failures
    this.#known.set(partition, { after, anchorId, end, leaderEpoch, failures, readAtMs })
  }

  #isTrusted({ failures, readAtMs, leaderEpoch, anchorId }: Known): boolean {
    const calm = failures === this.#failures + this.#pages.failures
    return (
      calm && leaderEpoch !== undefined && anchorId !== undefined && performance.now() - readAtMs < TRUSTED_MS
    )
  }

  #decode({ messages }: FetchedRecords, partition: number): StoredEvent[] {
    const events: StoredEvent[] = []
    for (const message of messages) {
      const event = this.#options.decoder.decode(message, partition)
      if (event !== undefined) events.push(event)
    }
    return events
  }

  async #lastEvent(partition: number, from: number): Promise<StoredEvent | undefined> {
    let last: StoredEvent | undefined
    for (let offset = from; ;) {
      const fetched = await this.#fetch(partition, offset)
      if (fetched === undefined) return last
      last = this.#decode(fetched, partition).at(-1) ?? last
      if (fetched.end >= fetched.stableEnd || fetched.end === offset) return last
      offset = fetched.end
    }
  }

  /**
   * From the event at `after` on. A leader elected just now may hold that event and not show it yet: until its
   * followers have asked, it does not know that they have it too. It tells no end of the log before it does, so an end
   * that lies before the event means that the event was lost.
   * https://cwiki.apache.org/confluence/display/KAFKA/KIP-207%3A+Offsets+returned+by+ListOffsetsResponse+should+be+monotonically+increasing+even+during+a+partition+leader+change
   */
  async #fetchShown(partition: number, after: number): Promise<FetchedRecords | undefined> {
    const deadlineMs = performance.now() + this.#options.timeoutMs
    for (;;) {
      const fetched = await this.#fetch(partition, Math.max(0, after - 1))
      if (fetched === undefined || fetched.stableEnd >= after) return fetched
      const { high } = await this.#bounds(partition)
      if (high < after) return fetched
      if (performance.now() > deadlineMs) {
        throw new EventStoreError(
          'BACKEND_UNAVAILABLE',
          'kafka: the leader does not show what was read before',
          {
            retryable: true,
          },
        )
      }
      await delay(SHOWN_PAUSE_MS)
    }
  }

  /** `undefined`: the log does not hold the offset. */
  async #fetch(partition: number, offset: number): Promise<FetchedRecords | undefined> {
    const deadlineMs = performance.now() + this.#options.timeoutMs
    const place = { partition, offset, maxBytes: FETCH_BYTES }
    for (;;) {
      const answers = await this.#pages.fetch([place], 0, deadlineMs)
      if (answers === 'out-of-range') return undefined
      for (const answer of answers) {
        const fetched = fetchedRecords(answer, partition, offset)
        if (fetched !== undefined) return fetched
      }
    }
  }

  #bounds(partition: number): Promise<{ readonly low: number; readonly high: number }> {
    const { client, topic } = this.#options
    return withAdmin(client, (admin) => topicBounds(admin, topic, partition))
  }
}
