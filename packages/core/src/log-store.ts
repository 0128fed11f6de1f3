import type { EventStoreAdapter, StoredEvent, StreamPage, StreamPageRequest } from './adapter.ts'
import { absentStore } from './absent-port.ts'
import type { Capabilities } from './capabilities.ts'
import { EventStoreError } from './error.ts'
import type { EventLogAdapter } from './log-adapter.ts'

/** Entries looked at by one scan of a log for the events of one stream. */
const SCAN_EVENTS = 1000

/**
 * A log in the shape of a store, so that publishing is grouped and subscribing reads like everywhere else.
 * A stream's version is the sequence of its last event: it rises, with gaps.
 */
export function logAsStore(name: string, log: EventLogAdapter): EventStoreAdapter {
  return {
    ...absentStore(name),
    doAppend: (commits) => log.doPublish(commits),
    doRead: (request) => scan(log, request),
    doReadFeed: (request) => log.doReadFeed(request),
    doFeedHead: (partition) => log.doFeedHead(partition),
    doWaitForFeed: (partition, after, signal) => log.doWaitForFeed(partition, after, signal),
  }
}

/** What publishing may do at once: a call is one unit for the lanes, and as atomic as the log makes it. */
export function publishingCapabilities(capabilities: Capabilities): Capabilities {
  return { ...capabilities, multiStreamAppend: 'store', maxAppendStreams: capabilities.maxAppendEvents }
}

/** A log has no index of streams: what waits of a parked one is found by reading on from where it failed. */
async function scan(
  log: EventLogAdapter,
  { streamId, partition, from, to, limit }: StreamPageRequest,
): Promise<StreamPage> {
  const page = await log.doReadFeed({ partition, after: from - 1, limit: SCAN_EVENTS })
  if (from < page.firstKept) {
    throw new EventStoreError(
      'POSITION_EXPIRED',
      `stream ${JSON.stringify(streamId)}: sequence ${from} lies below what partition ${partition} keeps, which starts at ${page.firstKept}`,
    )
  }
  const found: StoredEvent[] = []
  for (const event of page.events) {
    if (event.sequence > to) return { events: found, done: true, next: event.sequence }
    if (event.streamId !== streamId) continue
    found.push(event)
    if (found.length === limit) return { events: found, done: false, next: event.sequence + 1 }
  }
  return { events: found, done: page.atEnd || page.next >= to, next: page.next + 1 }
}
