import { EventStoreError } from '@eventspine/core'
import { specs as part } from './client.ts'
import type { Connection } from './connection.ts'
import type { PageChain } from './page-chain.ts'
import type { FeedEntry } from './stored-commit.ts'

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

/** What goes into the feed together. */
export interface FeedGroup {
  readonly entries: readonly FeedEntry[]
  /** About the bytes of the entries. */
  readonly size: number
}

/** Appends to the feed of one partition. */
export class FeedWriter {
  readonly #connection: Connection
  readonly #chain: PageChain
  #underWay: Promise<unknown> = Promise.resolve()

  constructor(connection: Connection, chain: PageChain) {
    this.#connection = connection
    this.#chain = chain
  }

  /**
   * Appends entries in one operation: that it went through says nothing yet of whether they count. `undefined`: the partition
   * is sealed.
   */
  append(group: FeedGroup): Promise<Appended | undefined> {
    // One at a time: a second durable write of a document is sent back by the server until the first is through.
    const appended = this.#underWay.then(() => this.#append(group))
    this.#underWay = appended.catch(() => undefined)
    return appended
  }

  async #append({ entries, size }: FeedGroup): Promise<Appended | undefined> {
    const sequences = entries.reduce((sum, { events }) => sum + events.length, 0)
    let page = await this.#chain.recent()
    for (;;) {
      const answer = await this.#connection.mutate(this.#chain.key(page), [
        part.replace('open', 1),
        part.increment('last', sequences),
        part.increment('size', size),
        part.append('entries', entries),
      ])
      if (typeof answer === 'object') {
        const last = Number(answer[1])
        return { base: last - sequences, full: Number(answer[2]) >= FULL_SIZE ? page : undefined }
      }
      if (answer === 'missing') throw lostPage(this.#chain.key(page))
      // Too large: what is on the page already leaves no room for this.
      const goesOn = answer === 'large' ? await this.#chain.turn(page) : await this.#chain.follow(page)
      if (!goesOn) {
        const state = await this.#chain.state(page)
        if (state?.sealed === true) return undefined
        // Another client opened the partition again in between.
        continue
      }
      page = await this.#chain.recent()
    }
  }
}

function lostPage(key: string): EventStoreError<'BACKEND_FAILED'> {
  return new EventStoreError(
    'BACKEND_FAILED',
    `couchbase: the document ${JSON.stringify(key)} of the feed is gone`,
  )
}
