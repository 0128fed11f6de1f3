import type { FeedPage, FeedPageRequest, StoredEvent } from '@eventspine/core'
import { entryPlace, unpackEvents } from './codec.ts'
import type { Connection } from './connection.ts'
import type { PartitionKeys } from './keys.ts'
import { feedPageScript } from './scripts/read-scripts.ts'

/** What one page holds at most, apart from its last commit. */
const PAGE_BYTES = 4 * 1024 * 1024

/** What the script returns: numbers may be texts by the client's settings; of each entry three texts. */
type PageAnswer = readonly [
  last: number | string,
  anchor: string,
  reached: number | string,
  reachedId: string,
  ...entries: string[],
]

/** Reads one page of the feed, with all that it names, in one call. */
export async function readFeedPage(
  connection: Connection,
  keys: PartitionKeys,
  { partition, after, limit }: FeedPageRequest,
): Promise<FeedPage> {
  const answer = await connection.readScript(
    feedPageScript,
    [keys.feed, keys.sequence, keys.hidden],
    [after, limit, PAGE_BYTES],
  )
  const [last, anchor, reached, reachedId, ...rest] = answer as PageAnswer
  const anchorId = anchor === '' ? undefined : anchor
  const events: StoredEvent[] = []
  for (let index = 0; index < rest.length; index += 3) {
    const [sequence, version] = entryPlace(rest[index] ?? '')
    const place = { streamId: rest[index + 1] ?? '', partition, version, sequence }
    for (const event of unpackEvents(rest[index + 2] ?? '', place)) {
      // The commit in whose middle the page begins.
      if (event.sequence > after) events.push(event)
    }
  }
  const all = events.length <= limit
  if (!all) events.length = limit
  const end = events.at(-1)
  // Behind the last event that is left there may be removed ones.
  const removedBehind = all && reachedId !== ''
  const next = all ? Number(reached) : (end?.sequence ?? after)
  return {
    events,
    anchorId,
    firstKept: 1,
    next,
    nextId: removedBehind ? reachedId : (end?.id ?? anchorId),
    atEnd: next >= Number(last),
  }
}
