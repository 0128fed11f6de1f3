import type { StoredEvent, StreamPage, StreamPageRequest } from '@eventspine/core'
import { decodeCommit, partsOf, type StoredCommit } from './commit-item.ts'
import { type Item, numberOf, textOf } from './item.ts'
import { FIRST_NUMBER, type Keys, numberKey, STREAM_NOTE } from './keys.ts'
import { loadParts } from './load-parts.ts'
import { untilWhole } from './reread.ts'
import { headOf, type StreamHeads } from './stream-heads.ts'
import type { Table } from './table.ts'

/** How fast the estimate follows what was read. */
const WEIGHT = 0.2
/** Beyond what is estimated: the note, and the commit that reaches over the border. */
const SPARE_ITEMS = 2

interface CommitPage {
  /** Ascending. */
  readonly commits: readonly StoredCommit[]
  /** Nothing lies behind, in the direction that was read. */
  readonly exhausted: boolean
  /** First version that a removal has left. */
  readonly first: number
}

/** Reads streams by ranges of items, each of which is a commit of one or more events. */
export class StreamReader {
  readonly #table: Table
  readonly #keys: Keys
  readonly #heads: StreamHeads
  /** Events an item, as far as seen: how many items make a page. */
  #density = 1

  constructor(table: Table, keys: Keys, heads: StreamHeads) {
    this.#table = table
    this.#keys = keys
    this.#heads = heads
  }

  async page(request: StreamPageRequest): Promise<StreamPage> {
    const what = `stream ${JSON.stringify(request.streamId)}`
    return request.direction === 'forward'
      ? this.#forward(request, await untilWhole(what, () => this.#commitsForward(request)))
      : this.#backward(request, await untilWhole(what, () => this.#commitsBackward(request)))
  }

  /** All commits that hold versions from `from` to `to`, removed ones included. */
  async commits(
    streamId: string,
    partition: number,
    from: number,
    to: number,
  ): Promise<readonly StoredCommit[]> {
    const found: StoredCommit[] = []
    for (let next = from; next <= to;) {
      const limit = to - next + 1
      const request = { streamId, partition, from: next, to, direction: 'forward', limit } as const
      const what = `stream ${JSON.stringify(streamId)}`
      const { commits, exhausted } = await untilWhole(what, () => this.#commitsForward(request))
      found.push(...commits)
      const last = commits.at(-1)
      if (exhausted || last === undefined) break
      next = last.first + last.count
    }
    return found
  }

  #forward({ from, to, limit }: StreamPageRequest, { commits, exhausted, first }: CommitPage): StreamPage {
    const lowest = Math.max(from, first)
    const events: StoredEvent[] = []
    for (const commit of commits) {
      for (const event of commit.events)
        if (event.version >= lowest && event.version <= to) events.push(event)
    }
    if (events.length > limit) {
      events.length = limit
      return { events, done: false, next: (events.at(-1)?.version ?? from) + 1 }
    }
    const last = commits.at(-1)
    const reached = last === undefined ? to : last.first + last.count - 1
    return { events, done: exhausted || reached >= to, next: reached + 1 }
  }

  #backward({ from, to, limit }: StreamPageRequest, { commits, exhausted, first }: CommitPage): StreamPage {
    const lowest = Math.max(from, first)
    const events: StoredEvent[] = []
    for (const commit of commits.toReversed()) {
      for (const event of commit.events.toReversed())
        if (event.version >= lowest && event.version <= to) events.push(event)
    }
    if (events.length > limit) {
      events.length = limit
      return { events, done: false, next: (events.at(-1)?.version ?? to) - 1 }
    }
    const reached = commits[0]?.first ?? 1
    return { events, done: exhausted || reached <= lowest, next: reached - 1 }
  }

  /** From the commit on that holds `from`. */
  async #commitsForward(request: StreamPageRequest): Promise<CommitPage | undefined> {
    const { streamId, from, to, limit } = request
    const pk = this.#keys.stream(streamId)
    const atStart = from === 1
    const range = {
      pk,
      from: atStart ? STREAM_NOTE : numberKey(from),
      to: numberKey(to),
      limit: this.#itemsFor(Math.min(limit, to - from + 1)),
    }
    const [page, noteApart] = await Promise.all([
      this.#table.query(range),
      atStart ? undefined : this.#table.get({ pk, sk: STREAM_NOTE }),
    ])
    const note = atStart ? page.items.find(isNote) : noteApart
    const items = page.items.filter(isCommit)
    const last = items.at(-1)
    const startsInside = items[0] === undefined || Number(textOf(items[0], 'sk')) > from
    // Whoever reads on from a snapshot stands behind a commit that was the last one.
    if (!atStart && startsInside && this.#heads.known(streamId)?.version !== from - 1) {
      const before = await this.#table.query({
        pk,
        from: FIRST_NUMBER,
        to: numberKey(from),
        backward: true,
        limit: 1,
      })
      items.unshift(...before.items.filter(isCommit))
    }
    const commits = await this.#decode(items, request)
    if (commits === undefined) return undefined
    // Whoever has read a stream to its end is likely to append to it next.
    if (page.exhausted && last !== undefined && last === page.items.at(-1) && to === Number.MAX_SAFE_INTEGER)
      this.#heads.remember(streamId, headOf(last))
    return { commits, exhausted: page.exhausted, first: numberOf(note ?? {}, 'first', 1) }
  }

  /** Down to the commit that holds `from`, or as far as one request reads. */
  async #commitsBackward(request: StreamPageRequest): Promise<CommitPage | undefined> {
    const { streamId, from, to, limit } = request
    const pk = this.#keys.stream(streamId)
    const range = {
      pk,
      from: FIRST_NUMBER,
      to: numberKey(to),
      backward: true,
      limit: this.#itemsFor(Math.min(limit, to - from + 1)),
    }
    const [page, note] = await Promise.all([
      this.#table.query(range),
      this.#table.get({ pk, sk: STREAM_NOTE }),
    ])
    const commits = await this.#decode(page.items.filter(isCommit).toReversed(), request)
    if (commits === undefined) return undefined
    return { commits, exhausted: page.exhausted, first: numberOf(note ?? {}, 'first', 1) }
  }

  /** `undefined` when something is missing in between. */
  async #decode(
    items: readonly Item[],
    { streamId, partition }: StreamPageRequest,
  ): Promise<readonly StoredCommit[] | undefined> {
    const commits: StoredCommit[] = []
    let expected: number | undefined
    let events = 0
    for (const item of items) {
      const rest = partsOf(item) === 0 ? '' : await loadParts(this.#table, this.#keys, streamId, item)
      if (rest === undefined) return undefined
      const commit = decodeCommit(item, streamId, partition, rest)
      if (expected !== undefined && commit.first !== expected) return undefined
      expected = commit.first + commit.count
      events += commit.count
      commits.push(commit)
    }
    if (commits.length > 0) this.#density += (events / commits.length - this.#density) * WEIGHT
    return commits
  }

  #itemsFor(events: number): number {
    // A page of the service ends at 1 MB anyway.
    return Math.min(10_000, Math.ceil(events / this.#density) + SPARE_ITEMS)
  }
}

function isNote(item: Item): boolean {
  return item['sk']?.S === STREAM_NOTE
}

/** Neither the note nor the mark of a deleted stream, nor that of one that was imported without its beginning. */
function isCommit(item: Item): boolean {
  return item['events'] !== undefined
}
