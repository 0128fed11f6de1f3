import { specs as part } from './client.ts'
import type { Connection } from './connection.ts'
import { endsOf } from './decisions.ts'
import type { PageChain } from './page-chain.ts'
import type { PageDocument } from './page-document.ts'
import { type CommitDocument, isVoid } from './stored-commit.ts'

/** https://docs.couchbase.com/server/current/learn/data/data.html#sub-document: parts of one operation. */
const MAX_SPECS = 16

interface KnownPage {
  readonly key: string
  readonly document: PageDocument
}

/** Takes events out of the feed of one partition, oldest first. */
export class FeedRemoval {
  readonly #connection: Connection
  readonly #chain: PageChain
  /** The page that was read last: what it says of the places of its entries stays true. */
  #page: KnownPage | undefined

  constructor(connection: Connection, chain: PageChain) {
    this.#connection = connection
    this.#chain = chain
  }

  /** Leaves the ids of a commit's events before `before`. */
  async remove({ at, version, events }: CommitDocument, before: number): Promise<void> {
    const count = Math.min(events.length, before - version)
    if (count <= 0) return
    const page = await this.#pageOf(at)
    if (page === undefined) return
    const index = endsOf(page.document).indexOf(at)
    const entry = page.document.entries[index]
    if (entry === undefined || isVoid(entry)) return
    // Event by event: two removals at once must not put back what the other one took.
    const specs = entry.events
      .slice(0, count)
      .flatMap((fields, offset) =>
        fields.length === 1 ? [] : [part.replace(`entries[${index}].events[${offset}]`, [fields[0]])],
      )
    for (let done = 0; done < specs.length; done += MAX_SPECS)
      await this.#connection.mutate(page.key, specs.slice(done, done + MAX_SPECS))
  }

  async #pageOf(at: number): Promise<KnownPage | undefined> {
    const known = this.#page?.document
    if (known !== undefined && known.base < at && at <= known.last) return this.#page
    let number = await this.#chain.pageOf(at)
    for (; number !== undefined; number++) {
      const key = this.#chain.key(number)
      const found = await this.#connection.get<PageDocument>(key)
      if (found === undefined) return undefined
      this.#chain.sees(number, found.content.base)
      this.#page = { key, document: found.content }
      if (at <= found.content.last) return this.#page
    }
    return undefined
  }
}
