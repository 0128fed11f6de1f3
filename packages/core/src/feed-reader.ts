import type { EventStoreAdapter, FeedPage } from './adapter.ts'
import { asBackendError, checkInteger, throwIfAborted } from './arguments.ts'
import { EventStoreError, invalidArgument } from './error.ts'
import { prefetched } from './event-read.ts'
import type { FeedOptions, FeedSlice } from './event-store.ts'
import {
  eventCheck,
  FEED_START,
  type FeedCursor,
  feedDiverged,
  formatPosition,
  parsePosition,
  type Position,
} from './position.ts'
import { recordedEvents } from './recorded-event.ts'
import { checkPageSize } from './stream-reader.ts'

export interface FeedSource {
  readonly adapter: EventStoreAdapter
  readonly incarnation: string
  readonly partitions: number
  readonly checkOpen: () => void
}

/** A checked feed read. */
export interface FeedRange {
  readonly partition: number
  readonly after: FeedCursor
  readonly limit: number
  readonly pageSize: number
  readonly signal: AbortSignal | undefined
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option; `FEED_DIVERGED` for another store's position. */
export function checkFeedOptions(source: FeedSource, options: FeedOptions): FeedRange {
  const { limit = Number.MAX_SAFE_INTEGER, signal } = options
  checkInteger(limit, 'limit', 0)
  const { partition, after } = checkPosition(source, options.after, options.partition)
  return { partition, after, limit, pageSize: checkPageSize(options.pageSize), signal }
}

/** The partition and cursor that a position of this store stands for; the start when there is none. */
export function checkPosition(
  source: FeedSource,
  position: Position | undefined,
  partition: number | undefined,
): { readonly partition: number; readonly after: FeedCursor } {
  if (partition !== undefined) checkInteger(partition, 'partition', 0, source.partitions - 1)
  if (position === undefined) return { partition: partition ?? 0, after: FEED_START }
  const parsed = parsePosition(position, 'after')
  if (parsed.incarnation !== source.incarnation) {
    throw feedDiverged(
      parsed.partition,
      'the position is of another store, or of one restored under a new incarnation',
    )
  }
  if (parsed.partition >= source.partitions)
    throw invalidArgument('after', 'names a partition that the store has not')
  if (partition !== undefined && partition !== parsed.partition) {
    throw invalidArgument('after', `is of partition ${parsed.partition}, not of ${partition}`)
  }
  return { partition: parsed.partition, after: parsed }
}

/** Which page to read. */
interface SliceRequest {
  readonly partition: number
  readonly after: Position
  readonly limit: number
}

/** One page of a partition, for readers that keep their own pace: nothing is read ahead that nobody may want. */
export async function readSlice(source: FeedSource, request: SliceRequest): Promise<FeedSlice> {
  source.checkOpen()
  const { limit } = request
  const { partition, after } = checkPosition(source, request.after, request.partition)
  try {
    const page = await source.adapter.doReadFeed({ partition, after: after.sequence, limit })
    checkAnchor(partition, after, page)
    return sliceOf(source, partition, page, cursorAfter(page, after))
  } catch (error) {
    throw asBackendError(error, 'read')
  }
}

/** Slices of one partition up to its end. Every page is held against the place it resumes from. */
export async function* readFeed(source: FeedSource, range: FeedRange): AsyncGenerator<FeedSlice> {
  const { partition, signal } = range
  let after = range.after
  let left = range.limit
  const fetchPage = async (): Promise<FeedPage> => {
    source.checkOpen()
    throwIfAborted(signal)
    const from = after
    try {
      const page = await source.adapter.doReadFeed({
        partition,
        after: from.sequence,
        limit: Math.min(left, range.pageSize),
      })
      checkAnchor(partition, from, page)
      return page
    } catch (error) {
      throw asBackendError(error, 'read')
    }
  }
  const following = (page: FeedPage): (() => Promise<FeedPage>) | undefined => {
    left -= page.events.length
    after = cursorAfter(page, after)
    return page.atEnd || left <= 0 ? undefined : fetchPage
  }
  if (left === 0) {
    source.checkOpen()
    return
  }
  let resumeFrom = range.after
  for await (const page of prefetched(fetchPage, following)) {
    resumeFrom = cursorAfter(page, resumeFrom)
    yield sliceOf(source, partition, page, resumeFrom)
  }
}

function sliceOf(
  { incarnation }: FeedSource,
  partition: number,
  { events, atEnd }: FeedPage,
  next: FeedCursor,
): FeedSlice {
  return {
    events: recordedEvents(events, incarnation),
    next: formatPosition(incarnation, partition, next),
    atEnd,
  }
}

function cursorAfter(page: FeedPage, before: FeedCursor): FeedCursor {
  if (page.next === before.sequence || page.nextId === undefined) return before
  return { sequence: page.next, check: eventCheck(page.nextId) }
}

/** Law F8: what stands at the resumed position must be what stood there when the position was made. */
function checkAnchor(partition: number, after: FeedCursor, page: FeedPage): void {
  if (after.sequence + 1 < page.firstKept) {
    throw new EventStoreError(
      'POSITION_EXPIRED',
      `partition ${partition}: sequence ${after.sequence} lies below what is kept, which starts at ${page.firstKept}`,
      { field: 'after' },
    )
  }
  if (after.sequence === 0 || after.sequence < page.firstKept) return
  if (page.anchorId === undefined) {
    throw feedDiverged(
      partition,
      `nothing stands at sequence ${after.sequence}: it lies past the head, or was lost`,
    )
  }
  if (eventCheck(page.anchorId) !== after.check) {
    throw feedDiverged(
      partition,
      `another event stands at sequence ${after.sequence} than when the position was made`,
    )
  }
}
