import type { FeedSeen, SeenEvent } from '../history.ts'
import type { StoreContents } from '../store-contents.ts'
import { sequenceOf, type Violations } from './violation.ts'

/**
 * Checks what readers of the feed saw while it was written: each saw, from the start to wherever it got,
 * exactly what the feed holds now, in that order. So nothing appeared behind a reader's back, nothing was
 * shown that was taken back.
 */
export function checkFeedReaders(
  seen: readonly FeedSeen[],
  contents: StoreContents,
  violations: Violations,
): void {
  const readers = new Map<string, { readonly partition: number; readonly events: SeenEvent[] }>()
  for (const { reader, partition, events } of seen) {
    const known = readers.get(reader)
    if (known === undefined) readers.set(reader, { partition, events: [...events] })
    else known.events.push(...events)
  }
  for (const [reader, { partition, events }] of readers) {
    checkReader(reader, events, contents.feed[partition] ?? [], violations)
  }
}

function checkReader(
  reader: string,
  events: readonly SeenEvent[],
  feed: readonly SeenEvent[],
  violations: Violations,
): void {
  const standing = new Map(feed.map(([position, id]) => [position, id]))
  const seen = new Set<string>()
  let last = 0
  for (const [position, id] of events) {
    const sequence = sequenceOf(position)
    if (seen.has(position)) violations.add('doubled', `${reader} saw ${position} twice`)
    else if (sequence <= last) violations.add('reordered', `${reader} saw sequence ${sequence} after ${last}`)
    if (standing.get(position) !== id)
      violations.add('phantom', `${reader} saw event ${id} at ${position}, where it does not stand`)
    last = Math.max(last, sequence)
    seen.add(position)
  }
  for (const [position, id] of feed) {
    if (sequenceOf(position) <= last && !seen.has(position)) {
      violations.add('skipped', `${reader} got to sequence ${last} and never saw event ${id} at ${position}`)
    }
  }
}
