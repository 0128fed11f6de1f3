import { EventStoreError } from '@eventspine/core'
import { specs as part } from './client.ts'
import type { Connection } from './connection.ts'
import type { PageChain } from './page-chain.ts'
import type { FeedEntry } from './stored-commit.ts'

/**
 * A page that takes more is closed: the server rewrites a document with each change of it, and readers at the end of the
 * feed read the whole of it each time.
 */
const FULL_SIZE = 32 * 1024

/** What goes into the feed together. */
export interface FeedGroup {
  readonly entries: readonly FeedEntry[]
  /** About the bytes of the entries. */
  readonly size: number
}

interface Appended {
  readonly base: number
  /** What is left to do before the next append. */
  readonly turn: () => Promise<void>
}

/** Appends to the feed of one partition. */
export class FeedWriter {
  readonly #connection: Connection
  readonly #chain: PageChain
  #underWay: Promise<unknown> = Promise.resolve()
  /** The page that was appended to last, and how full it was. */
  #page = -1
  #size = 0

  constructor(connection: Connection, chain: PageChain) {
    this.#connection = connection
    this.#chain = chain
  }

  /**
   * Appends entries in one operation: that it went through says nothing yet of whether they count. Returns the last sequence
   * before them; `undefined`: the partition is sealed.
   */
  async append(group: FeedGroup): Promise<number | undefined> {
    // One at a time: a second durable write of a document is sent back by the server until the first is through.
    const appended = this.#underWay.then(() => this.#append(group))
    this.#underWay = appended
      .then((done) => done?.turn())
      // Whoever meets a full or closed page turns it: when this fails, it is the next append.
      .catch(() => undefined)
    return (await appended)?.base
  }

  /** Nothing is under way any more. */
  async settled(): Promise<void> {
    await this.#underWay
  }

  async #append({ entries, size }: FeedGroup): Promise<Appended | undefined> {
    const sequences = entries.reduce((sum, { events }) => sum + events.length, 0)
    let page = await this.#chain.recent()
    for (;;) {
      // The one that fills a page closes it too, as far as that can be foreseen.
      const closes = page === this.#page && this.#size + size >= FULL_SIZE
      const answer = await this.#connection.mutate(this.#chain.key(page), [
        closes ? part.remove('open') : part.replace('open', 1),
        part.increment('last', sequences),
        part.increment('size', size),
        part.append('entries', entries),
      ])
      if (typeof answer === 'object') {
        const last = Number(answer[1])
        this.#page = page
        this.#size = Number(answer[2])
        return { base: last - sequences, turn: this.#turnOf(page, closes, last) }
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

  #turnOf(page: number, closed: boolean, last: number): Appended['turn'] {
    if (closed) return () => this.#chain.begin(page + 1, last)
    const isFull = this.#size >= FULL_SIZE
    return async () => void (isFull && (await this.#chain.turn(page)))
  }
}

function lostPage(key: string): EventStoreError<'BACKEND_FAILED'> {
  return new EventStoreError(
    'BACKEND_FAILED',
    `couchbase: the document ${JSON.stringify(key)} of the feed is gone`,
  )
}
