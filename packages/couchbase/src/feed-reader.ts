import type { FeedHead, FeedPage, FeedPageRequest, StoredEvent } from '@eventspine/core'
import type { Connection, Found } from './connection.ts'
import { type Decision, endsOf } from './decisions.ts'
import type { PageDocument } from './page-document.ts'
import type { Partition } from './partition.ts'
import { isVoid, type PageEntry, storedEvent } from './stored-commit.ts'

/** What one page holds at most, apart from its last document. */
const PAGE_CHARACTERS = 4 * 1024 * 1024

/** Pages that are read at once, at most. */
const MAX_AHEAD = 16

/** What is known of the end of a feed that was looked at. */
interface SeenEnd extends FeedHead {
  readonly page: number
  /** The last sequence that was given, counting or not. */
  readonly last: number
  /** Somebody's entry was not decided yet. */
  readonly open: boolean
}

/** Reads the feed of one partition, and decides on the way what nobody has. */
export class FeedReader {
  readonly #connection: Connection
  readonly #partition: Partition
  #end: SeenEnd | undefined
  #settledUpTo = -1

  constructor(connection: Connection, partition: Partition) {
    this.#connection = connection
    this.#partition = partition
  }

  async read(request: FeedPageRequest): Promise<FeedPage> {
    const answer = new FeedAnswer(request)
    const { chain } = this.#partition
    let page = request.after === 0 ? 0 : await chain.pageOf(request.after)
    let ahead = 1
    for (let pages = 1; page !== undefined; pages += ahead) {
      const first: number = page
      const found = await Promise.all(Array.from({ length: ahead }, (_, index) => this.#fetch(first + index)))
      for (const [index, each] of found.entries()) {
        if (each === undefined) return answer.toPage(true)
        answer.take(each.content, await this.#judge(first + index, each, request.after))
        if (answer.hasMore) return answer.toPage(false)
        if (each.content.open === 1) return answer.toPage(true)
        // Whether something stands on the next page is not known yet.
        if (answer.isSated) return answer.toPage(false)
      }
      page += ahead
      // As many at once as are there, and are needed if they are like the ones before.
      ahead = Math.max(1, Math.min(MAX_AHEAD, chain.lastSeen - page + 1, answer.pagesLeft(pages)))
    }
    return answer.toPage(true)
  }

  /** The last event or tombstone. */
  async head(): Promise<FeedHead> {
    const last = await this.#partition.chain.last()
    let end: SeenEnd | undefined
    for (let number = last; number >= 0; number--) {
      const seen = await this.#page(number, 0)
      if (seen === undefined) break
      const answer = new FeedAnswer({ partition: this.#partition.number, after: 0, limit: Infinity })
      answer.take(seen.page, seen.decisions)
      const { next, nextId } = answer.toPage(true)
      end ??= {
        page: number,
        last: seen.page.last,
        open: seen.decisions.includes('open'),
        sequence: 0,
        id: undefined,
      }
      end = { ...end, sequence: next, id: nextId }
      if (next > 0) break
    }
    this.#end = end
    return { sequence: end?.sequence ?? 0, id: end?.id }
  }

  /** The sequence of the head, by one look where nothing has changed. */
  async headSequence(): Promise<number> {
    const end = this.#end
    if (end !== undefined && !end.open) {
      const state = await this.#partition.chain.state(end.page)
      if (state?.open === true && state.last === end.last) return end.sequence
    }
    return (await this.head()).sequence
  }

  /** Decides all entries of all pages that may have undecided ones. */
  async settleAll(): Promise<void> {
    const last = await this.#partition.chain.last()
    let page = last
    while (page >= 0 && !(await this.#isSettled(page))) page--
    for (page++; page <= last; page++) await this.#page(page, 0)
  }

  async #page(
    number: number,
    after: number,
  ): Promise<{ readonly page: PageDocument; readonly decisions: readonly Decision[] } | undefined> {
    const found = await this.#fetch(number)
    if (found === undefined) return undefined
    return { page: found.content, decisions: await this.#judge(number, found, after) }
  }

  async #fetch(number: number): Promise<Found<PageDocument> | undefined> {
    const { chain } = this.#partition
    const found = await this.#connection.get<PageDocument>(chain.key(number))
    if (found !== undefined) chain.sees(number, found.content.base)
    return found
  }

  /** What counts on a page; marks it when nothing is left to decide. */
  async #judge(number: number, found: Found<PageDocument>, after: number): Promise<readonly Decision[]> {
    const page = found.content
    const closed = page.open !== 1
    const decided = await this.#partition.decisions.ofPage(page, closed ? 0 : after)
    if (page.settled === 1) this.#settledUpTo = Math.max(this.#settledUpTo, number)
    else if (closed) await this.#settle(number, found, decided)
    return decided
  }

  /**
   * Marks a page as decided, so that nobody looks up its commits any more, and takes away what does not count. Pages are
   * marked in order: where one is, all before it are.
   */
  async #settle(
    number: number,
    { content: page, cas }: Found<PageDocument>,
    decisions: readonly Decision[],
  ): Promise<void> {
    if (number > 0 && !(await this.#isSettled(number - 1))) return
    const entries = page.entries.map((entry, index): PageEntry =>
      isVoid(entry) || decisions[index] !== 'void' ? entry : { void: entry.events.length },
    )
    // Where it has changed meanwhile, others have marked it, or remove from it; the next reader marks it.
    const key = this.#partition.chain.key(number)
    if (await this.#connection.replace(key, { ...page, settled: 1, entries }, { cas }))
      this.#settledUpTo = number
  }

  async #isSettled(page: number): Promise<boolean> {
    if (page <= this.#settledUpTo) return true
    const [settled] = (await this.#connection.lookup(this.#partition.chain.key(page), ['settled'])) ?? []
    if (settled === 1) this.#settledUpTo = page
    return settled === 1
  }
}

/** Gathers what a reader asked for, page by page. */
class FeedAnswer {
  readonly #request: FeedPageRequest
  readonly #events: StoredEvent[] = []
  #characters = 0
  #anchorId: string | undefined
  #next: number
  #nextId: string | undefined
  #more = false

  constructor(request: FeedPageRequest) {
    this.#request = request
    this.#next = request.after
  }

  /** Something was seen that there is no room for. */
  get hasMore(): boolean {
    return this.#more
  }

  /** There is as much as was asked for. */
  get isSated(): boolean {
    return this.#events.length >= this.#request.limit || this.#characters >= PAGE_CHARACTERS
  }

  /** How many more pages are needed, when so many were not enough. */
  pagesLeft(pages: number): number {
    const { limit } = this.#request
    return Math.ceil(((limit - this.#events.length) * pages) / Math.max(1, this.#events.length))
  }

  take(page: PageDocument, decisions: readonly Decision[]): void {
    const { after, partition } = this.#request
    const ends = endsOf(page)
    for (const [index, entry] of page.entries.entries()) {
      const last = ends[index] ?? 0
      const decision = decisions[index]
      // What comes behind is not decided either.
      if (decision === 'open') return
      if (isVoid(entry) || decision === 'void' || last < after) continue
      const first = last - entry.events.length + 1
      for (const [offset, [id]] of entry.events.entries()) {
        const sequence = first + offset
        if (sequence === after) this.#anchorId = id
        if (sequence <= after) continue
        if (this.isSated) {
          this.#more = true
          return
        }
        const event = storedEvent(entry, offset, sequence, partition)
        if (event !== undefined) {
          this.#events.push(event)
          this.#characters += event.data.length + event.metadata.length
        }
        this.#next = sequence
        this.#nextId = id
      }
    }
  }

  toPage(atEnd: boolean): FeedPage {
    return {
      events: this.#events,
      anchorId: this.#anchorId,
      firstKept: 1,
      next: this.#next,
      nextId: this.#nextId ?? this.#anchorId,
      atEnd,
    }
  }
}
