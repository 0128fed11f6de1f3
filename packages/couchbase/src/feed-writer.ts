import { EventStoreError } from '@eventspine/core'
import { specs as part } from './client.ts'
import type { Connection } from './connection.ts'
import type { PageChain } from './page-chain.ts'
import type { PageEntry } from './stored-commit.ts'

/**
 * A page that takes more is closed: the server rewrites a document with each change of it, and readers at the end of the
 * feed read the whole of it each time.
 */
const FULL_SIZE = 128 * 1024

/** What was appended to the feed, all in one place. */
export interface Appended {
  /** The sequence before the first. */
  readonly base: number
  /** The page that is full now, to be turned when there is time. */
  readonly full: number | undefined
}

/**
 * Appends entries to the feed of one partition, in one operation: that it went through says nothing yet of whether they
 * count. `undefined`: the partition is sealed.
 */
export async function appendToFeed(
  connection: Connection,
  chain: PageChain,
  {
    entries,
    sequences,
    size,
  }: { readonly entries: readonly PageEntry[]; readonly sequences: number; readonly size: number },
): Promise<Appended | undefined> {
  let page = await chain.recent()
  for (;;) {
    const answer = await connection.mutate(chain.key(page), [
      part.replace('open', 1),
      part.increment('last', sequences),
      part.increment('size', size),
      part.append('entries', entries),
    ])
    if (typeof answer === 'object') {
      const last = Number(answer[1])
      return { base: last - sequences, full: Number(answer[2]) >= FULL_SIZE ? page : undefined }
    }
    if (answer === 'missing') throw lostPage(chain.key(page))
    // Too large: what is on the page already leaves no room for this.
    const goesOn = answer === 'large' ? await chain.turn(page) : await chain.follow(page)
    if (!goesOn) {
      const state = await chain.state(page)
      if (state?.sealed === true) return undefined
      // Another client opened the partition again in between.
      continue
    }
    page = await chain.recent()
  }
}

function lostPage(key: string): EventStoreError<'BACKEND_FAILED'> {
  return new EventStoreError(
    'BACKEND_FAILED',
    `couchbase: the document ${JSON.stringify(key)} of the feed is gone`,
  )
}
