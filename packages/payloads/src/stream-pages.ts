import type { EventStoreAdapter, StoredEvent } from '@eventspine/core'

const PAGE_EVENTS = 1000

/** The events of a stream as they are stored, references and all; those below `before` where it is given. */
export async function* streamPages(
  store: EventStoreAdapter,
  streamId: string,
  partition: number,
  before = Infinity,
): AsyncGenerator<readonly StoredEvent[]> {
  const { version, firstVersion } = await store.doHead(streamId, partition)
  const to = Math.min(before - 1, version)
  for (let from = firstVersion; from <= to;) {
    const page = await store.doRead({
      streamId,
      partition,
      from,
      to,
      direction: 'forward',
      limit: PAGE_EVENTS,
    })
    yield page.events
    if (page.done) return
    from = page.next
  }
}
