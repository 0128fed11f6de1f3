import type { FeedHead, FeedPage, FeedPageRequest, StoredEvent } from '@eventspine/core'
import { decodeCommit, idAt, partsOf, type StoredCommit } from './commit-item.ts'
import { type Item, textOf } from './item.ts'
import { FIRST_NUMBER, type ItemKey, type Keys, LAST_NUMBER, numberKey } from './keys.ts'
import { loadParts } from './load-parts.ts'
import { untilWhole } from './reread.ts'
import { decodeSlot, type Slot, type SlotEntry } from './slot-item.ts'
import type { Table } from './table.ts'

/** How fast the estimate follows what was read. */
const WEIGHT = 0.2
/** The slot that is resumed in, and one behind it. */
const SPARE_SLOTS = 2
/** Slots of other writers that one look takes in. */
const LOOK_SLOTS = 20
/** Commits that are fetched at once: 4 requests. */
const WAVE_COMMITS = 400
/** What one page holds at most, apart from its last wave. */
const PAGE_CHARACTERS = 4 * 1024 * 1024
/** Places to resume from whose slots are remembered. */
const MOST_PLACES = 2000

/** An entry of a slot with the sequence of its first event. */
interface PlacedEntry extends SlotEntry {
  readonly first: number
}

interface SlotPage {
  /** They follow each other, the one that holds `after` first. */
  readonly slots: readonly Slot[]
  /** Nothing stood behind the last of them. */
  readonly atEnd: boolean
}

/** Reads feeds by their slots, then the commits that those name. */
export class FeedReader {
  readonly #table: Table
  readonly #keys: Keys
  /** Events a slot, as far as seen: how many slots make a page. */
  #density = 1
  /** In which slot a sequence stands: readers mostly go on where a page or a commit has ended. */
  readonly #places = new Map<string, number>()

  constructor(table: Table, keys: Keys) {
    this.#table = table
    this.#keys = keys
  }

  page(request: FeedPageRequest): Promise<FeedPage> {
    const what = `the feed of partition ${request.partition}`
    return untilWhole(what, async () => {
      const page = await this.#slots(request)
      if (page === undefined) return nothingAt(request.after)
      return this.#pageOf(request, page)
    })
  }

  async head(partition: number, consistent = true): Promise<FeedHead> {
    const slot = await this.lastSlot(partition, consistent)
    return slot === undefined ? { sequence: 0, id: undefined } : { sequence: slot.last, id: slot.lastId }
  }

  /** What stands last: a slot, or the seal behind it. */
  async lastSlot(partition: number, consistent = true): Promise<Slot | undefined> {
    const { items } = await this.#table.query({
      pk: this.#keys.feed(partition),
      from: FIRST_NUMBER,
      to: LAST_NUMBER,
      backward: true,
      limit: 1,
      consistent,
    })
    return items[0] === undefined ? undefined : decodeSlot(items[0])
  }

  /** The slots that follow the one which ends at `sequence`, as far as one look sees them; without a seal. */
  async slotsBehind(partition: number, sequence: number): Promise<readonly Slot[]> {
    const pk = this.#keys.feed(partition)
    const from = numberKey(sequence + 1)
    const { items } = await this.#table.query({ pk, from, to: LAST_NUMBER, limit: LOOK_SLOTS })
    return items.map(decodeSlot).filter(({ sealed }) => !sealed)
  }

  /** `undefined`: nothing stands at `after`. */
  async #slots({ partition, after, limit }: FeedPageRequest): Promise<SlotPage | undefined> {
    const start =
      after === 0 ? 1 : (this.#places.get(placeKey(partition, after)) ?? (await this.#find(partition, after)))
    if (start === undefined) return undefined
    const { items, exhausted } = await this.#table.query({
      pk: this.#keys.feed(partition),
      from: numberKey(start),
      to: LAST_NUMBER,
      limit: Math.ceil(limit / this.#density) + SPARE_SLOTS,
    })
    const slots: Slot[] = []
    let expected = start
    for (const item of items) {
      const slot = decodeSlot(item)
      // The one in between is being written: the read met the later one only.
      if (slot.first !== expected) return { slots, atEnd: false }
      if (slot.sealed) break
      slots.push(slot)
      expected = slot.last + 1
    }
    if (slots.length > 0) {
      const events = expected - start
      this.#density += (events / slots.length - this.#density) * WEIGHT
    }
    if (after > 0 && (slots[0]?.last ?? 0) < after) return undefined
    return { slots, atEnd: exhausted }
  }

  /** Sequence of the first event of the slot in which `after` stands. */
  async #find(partition: number, after: number): Promise<number | undefined> {
    const { items } = await this.#table.query({
      pk: this.#keys.feed(partition),
      from: FIRST_NUMBER,
      to: numberKey(after),
      backward: true,
      limit: 1,
    })
    const slot = items[0] === undefined ? undefined : decodeSlot(items[0])
    return slot === undefined || slot.last < after ? undefined : slot.first
  }

  /** `undefined` when a commit is not there yet. */
  async #pageOf(request: FeedPageRequest, { slots, atEnd }: SlotPage): Promise<FeedPage | undefined> {
    const { partition, after, limit } = request
    const entries = placedEntries(slots, after, limit)
    const { commits, whole } = await this.#commits(entries, partition)
    const events: StoredEvent[] = []
    let next = after
    let nextId: string | undefined
    let anchorId = slots[0]?.last === after ? slots[0].lastId : undefined
    for (const entry of entries) {
      const commit = commits.get(commitKey(entry))
      if (commit === undefined) {
        if (whole) return undefined
        break
      }
      for (let index = 0; index < entry.count && events.length < limit; index++) {
        const sequence = entry.first + index
        const at = entry.skip + index
        if (sequence === after) anchorId = idAt(commit, at)
        if (sequence <= after) continue
        const event = at < commit.removed ? undefined : commit.events[at - commit.removed]
        if (event !== undefined) events.push(event)
        next = sequence
        nextId = idAt(commit, at)
      }
      if (events.length >= limit) break
    }
    for (const slot of slots)
      if (slot.first <= next && next <= slot.last) this.#remember(partition, next, slot.first)
    return {
      events,
      anchorId,
      firstKept: 1,
      next,
      nextId: nextId ?? anchorId,
      atEnd: atEnd && next === (slots.at(-1)?.last ?? after),
    }
  }

  /** Fetches in waves until there is enough of it; then not `whole`. */
  async #commits(
    entries: readonly PlacedEntry[],
    partition: number,
  ): Promise<{ readonly commits: ReadonlyMap<string, StoredCommit>; readonly whole: boolean }> {
    const commits = new Map<string, StoredCommit>()
    let characters = 0
    for (let index = 0; index < entries.length; index += WAVE_COMMITS) {
      if (characters > PAGE_CHARACTERS) return { commits, whole: false }
      const wave = new Map<string, SlotEntry>()
      for (const entry of entries.slice(index, index + WAVE_COMMITS)) {
        const key = commitKey(entry)
        if (!commits.has(key)) wave.set(key, entry)
      }
      const keys = Array.from(wave.values(), ({ streamId, item }): ItemKey => {
        return { pk: this.#keys.stream(streamId), sk: numberKey(item) }
      })
      const found = new Map((await this.#table.batchGet(keys)).map((item) => [itemKey(item), item]))
      for (const [key, { streamId, item }] of wave) {
        const stored = found.get(`${this.#keys.stream(streamId)}\n${numberKey(item)}`)
        const commit = stored === undefined ? undefined : await this.#decode(stored, streamId, partition)
        if (commit === undefined) continue
        commits.set(key, commit)
        characters += commit.text.length
      }
    }
    return { commits, whole: true }
  }

  async #decode(item: Item, streamId: string, partition: number): Promise<StoredCommit | undefined> {
    if (item['events'] === undefined) return undefined
    const rest = partsOf(item) === 0 ? '' : await loadParts(this.#table, this.#keys, streamId, item)
    return rest === undefined ? undefined : decodeCommit(item, streamId, partition, rest)
  }

  #remember(partition: number, sequence: number, first: number): void {
    this.#places.set(placeKey(partition, sequence), first)
    if (this.#places.size <= MOST_PLACES) return
    const [oldest] = this.#places.keys()
    if (oldest !== undefined) this.#places.delete(oldest)
  }
}

/** What stands behind `after`, as much as may be needed for `limit` events, and what holds `after` itself. */
function placedEntries(slots: readonly Slot[], after: number, limit: number): readonly PlacedEntry[] {
  const placed: PlacedEntry[] = []
  let events = 0
  for (const [index, slot] of slots.entries()) {
    if (index === 0 && slot.last === after) continue
    let first = slot.first
    for (const entry of slot.entries) {
      const last = first + entry.count - 1
      if (last >= after && events < limit) {
        placed.push({ ...entry, first })
        events += last - Math.max(first - 1, after)
      }
      first = last + 1
    }
  }
  return placed
}

/** The wrapper tells that the position has nothing to stand on. */
function nothingAt(after: number): FeedPage {
  return { events: [], anchorId: undefined, firstKept: 1, next: after, nextId: undefined, atEnd: true }
}

function placeKey(partition: number, sequence: number): string {
  return `${partition}.${sequence}`
}

function commitKey({ streamId, item }: SlotEntry): string {
  return `${item} ${streamId}`
}

function itemKey(item: Item): string {
  return `${textOf(item, 'pk')}\n${textOf(item, 'sk')}`
}
