import { specs as part } from './client.ts'
import type { Connection } from './connection.ts'
import type { Keys } from './keys.ts'
import { newPage } from './page-document.ts'

/** Where pages begin that were seen, per partition: facts that never change, so any number may be forgotten. */
const MAX_KNOWN_BASES = 10_000

/** Pages between two hints of where the last one is. */
const HINT_EVERY = 8

/** What is known of a page without its entries. */
interface PageState {
  readonly open: boolean
  readonly sealed: boolean
  readonly last: number
}

/** The pages of one partition: which is the last, which holds a sequence, and what follows one that is full. */
export class PageChain {
  readonly #connection: Connection
  readonly #keys: Keys
  readonly #partition: number
  /** A page that is there; -1: none was seen. */
  #lastSeen = -1
  #bases = new Map<number, number>()

  constructor(connection: Connection, keys: Keys, partition: number) {
    this.#connection = connection
    this.#keys = keys
    this.#partition = partition
  }

  /** A page that is there; -1: none was seen. */
  get lastSeen(): number {
    return this.#lastSeen
  }

  key(page: number): string {
    return this.#keys.page(this.#partition, page)
  }

  /** A page that was the last one some time ago; makes the first one of a partition. */
  async recent(): Promise<number> {
    if (this.#lastSeen >= 0) return this.#lastSeen
    const last = await this.last()
    if (last >= 0) return last
    await this.#connection.insert(this.key(0), newPage(0))
    this.#see(0)
    return 0
  }

  /** The last page; -1 where there is none. */
  async last(): Promise<number> {
    let last = this.#lastSeen
    if (last < 0) {
      const [hint] = (await this.#connection.lookup(this.#keys.pageHint(this.#partition), ['page'])) ?? []
      last = typeof hint === 'number' ? hint : -1
    }
    let missing = Infinity
    for (let step = 1; missing > last + 1; step *= 2) {
      const next = missing === Infinity ? last + step : Math.floor((last + missing) / 2)
      if (await this.#exists(next)) last = next
      else missing = next
    }
    this.#see(last)
    return last
  }

  /** `undefined`: there is no such page. */
  async state(page: number): Promise<PageState | undefined> {
    const found = await this.#connection.lookup(this.key(page), ['open', 'sealed', 'last', 'base'])
    if (found === undefined) return undefined
    // As `PageDocument` has them.
    const [open, sealed, last, base] = found as [1 | undefined, 1 | undefined, number, number]
    this.sees(page, base)
    return { open: open === 1, sealed: sealed === 1, last }
  }

  /**
   * Closes a page, after which nothing is appended to it, and opens the one behind it.
   *
   * @returns whether there is one: none follows in a sealed partition.
   */
  async turn(page: number): Promise<boolean> {
    await this.#connection.mutate(this.key(page), [part.remove('open')])
    return this.follow(page)
  }

  /** Opens the page behind a closed one, unless the partition was sealed there. */
  async follow(page: number): Promise<boolean> {
    // Others may have gone far ahead: page by page one would never catch up with them.
    if ((await this.last()) > page) return true
    const state = await this.state(page)
    if (state === undefined || state.open || state.sealed) return false
    await this.begin(page + 1, state.last)
    return true
  }

  /** Opens a page, when the one before it is closed at the sequence `base`. */
  async begin(page: number, base: number): Promise<void> {
    const made = await this.#connection.insert(this.key(page), newPage(base))
    this.sees(page, base)
    if (made && page % HINT_EVERY === 0)
      await this.#connection.upsert(this.#keys.pageHint(this.#partition), { page })
  }

  /** Takes note of a page that was read. */
  sees(page: number, base: number): void {
    this.#see(page)
    if (this.#bases.size >= MAX_KNOWN_BASES) this.#bases = new Map()
    this.#bases.set(page, base)
  }

  /**
   * The page that holds `sequence`, or one before it where pages behind the ones that were seen may hold it; `undefined`:
   * there is no page at all.
   */
  async pageOf(sequence: number): Promise<number | undefined> {
    if (this.#lastSeen < 0 && (await this.last()) < 0) return undefined
    let low = 0
    let high = this.#lastSeen
    for (const [page, base] of this.#bases) {
      if (base < sequence) low = Math.max(low, page)
      else high = Math.min(high, page - 1)
    }
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((await this.#base(middle)) < sequence) low = middle
      else high = middle - 1
    }
    return low
  }

  async #base(page: number): Promise<number> {
    const known = this.#bases.get(page)
    if (known !== undefined) return known
    const [base] = (await this.#connection.lookup(this.key(page), ['base'])) ?? []
    // A page below the last one is there.
    const found = Number(base)
    this.sees(page, found)
    return found
  }

  async #exists(page: number): Promise<boolean> {
    const [base] = (await this.#connection.lookup(this.key(page), ['base'])) ?? []
    if (typeof base !== 'number') return false
    this.sees(page, base)
    return true
  }

  #see(page: number): void {
    this.#lastSeen = Math.max(this.#lastSeen, page)
  }
}
