import type { EventStoreAdapter, StreamPage } from './adapter.ts'
import { asBackendError, checkInteger, throwIfAborted } from './arguments.ts'
import { invalidArgument } from './error.ts'
import { prefetched } from './event-read.ts'
import type { ReadOptions } from './event-store.ts'
import type { RecordedEvent } from './event.ts'
import { recordedEvents } from './recorded-event.ts'

const DEFAULT_PAGE_EVENTS = 1000
const MAX_PAGE_EVENTS = 10_000

/** A checked stream read. */
export interface StreamRange {
  readonly from: number
  readonly to: number
  readonly direction: 'forward' | 'backward'
  readonly limit: number
  readonly pageSize: number
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option. */
export function checkReadOptions(options: ReadOptions): StreamRange {
  const {
    from = 1,
    to = Number.MAX_SAFE_INTEGER,
    direction = 'forward',
    limit = Number.MAX_SAFE_INTEGER,
  } = options
  checkInteger(from, 'from', 1)
  checkInteger(to, 'to', 0)
  checkInteger(limit, 'limit', 0)
  if (direction !== 'forward' && direction !== 'backward') {
    throw invalidArgument('direction', `must be 'forward' or 'backward', got ${String(direction)}`)
  }
  return { from, to, direction, limit, pageSize: checkPageSize(options.pageSize) }
}

export function checkPageSize(pageSize: number = DEFAULT_PAGE_EVENTS): number {
  checkInteger(pageSize, 'pageSize', 1, MAX_PAGE_EVENTS)
  return pageSize
}

/** Where and how to read, and through what. */
export interface StreamSource {
  readonly adapter: EventStoreAdapter
  readonly incarnation: string
  readonly streamId: string
  readonly partition: number
  readonly signal: AbortSignal | undefined
  readonly checkOpen: () => void
}

/** Pages of a stream by keyset: nothing is held open on the backend between them. */
export async function* readStream(
  source: StreamSource,
  range: StreamRange,
): AsyncGenerator<readonly RecordedEvent[]> {
  let { from, to } = range
  let left = range.limit
  const fetchPage = async (): Promise<StreamPage> => {
    source.checkOpen()
    throwIfAborted(source.signal)
    const { streamId, partition } = source
    const request = {
      streamId,
      partition,
      from,
      to,
      direction: range.direction,
      limit: Math.min(left, range.pageSize),
    }
    try {
      return await source.adapter.doRead(request)
    } catch (error) {
      throw asBackendError(error, 'read')
    }
  }
  const following = (page: StreamPage): (() => Promise<StreamPage>) | undefined => {
    left -= page.events.length
    if (range.direction === 'forward') from = page.next
    else to = page.next
    return page.done || left <= 0 || from > to ? undefined : fetchPage
  }
  if (from > to || left === 0) {
    source.checkOpen()
    return
  }
  for await (const page of prefetched(fetchPage, following)) {
    if (page.events.length > 0) yield recordedEvents(page.events, source.incarnation)
  }
}
