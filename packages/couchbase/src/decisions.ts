import { BoundedMap } from './bounded-map.ts'
import { readCommitFields } from './commit-fields.ts'
import type { Connection } from './connection.ts'
import type { Keys } from './keys.ts'
import { type PageDocument, sequencesOf } from './page-document.ts'
import { commitOf, type FeedEntry, isVoid, lastId } from './stored-commit.ts'

/** What became of an entry. It stays so for ever, but for `open`, which the next commit of the stream decides. */
export type Decision = 'counts' | 'void' | 'open'

/** Decisions of one partition that are kept, so that they are looked up once. */
const MAX_DECISIONS = 20_000

/**
 * Decides which entries of the feed count: those whose commit is there, with their own place and id. A commit is inserted
 * under its number in the stream, once and for ever, and that is the decision; whoever needs one makes it.
 */
export class Decisions {
  readonly #connection: Connection
  readonly #keys: Keys
  readonly #made = new BoundedMap<number, Decision>(MAX_DECISIONS)

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection
    this.#keys = keys
  }

  /** Takes note of what became of the entry that ends at the sequence `at`. */
  note(at: number, decision: Decision): void {
    if (decision !== 'open') this.#made.set(at, decision)
  }

  /**
   * What became of the entries of a page, of those that end at `from` or behind.
   *
   * Entries at the end of an open page that nobody has decided stay open, since their writers are about to: readers end
   * before them. All others are decided here if nobody has.
   */
  async ofPage(page: PageDocument, from: number): Promise<readonly Decision[]> {
    const ends = endsOf(page)
    const decisions = await Promise.all(
      page.entries.map(async (entry, index): Promise<Decision> => {
        const at = ends[index] ?? 0
        if (isVoid(entry)) return 'void'
        if (page.settled === 1 || at < from) return 'counts'
        return this.#made.get(at) ?? this.#lookUp(entry, at)
      }),
    )
    const decided = page.open === 1 ? decisions.findLastIndex((decision) => decision !== 'open') : Infinity
    const isLeft = (index: number): boolean => index <= decided && decisions[index] === 'open'
    const decide = async (entry: FeedEntry, index: number): Promise<void> => {
      const at = ends[index] ?? 0
      decisions[index] = await this.help(entry, at)
      this.note(at, decisions[index])
    }
    await Promise.all(
      page.entries.flatMap((entry, index) =>
        isLeft(index) && !isVoid(entry) && entry.chained !== 1 ? [decide(entry, index)] : [],
      ),
    )
    // One after the other: the one before it decides a chained entry.
    for (const [index, entry] of page.entries.entries()) {
      if (!isLeft(index) || isVoid(entry)) continue
      if (decisions[previousOf(page, index)] === 'void') decisions[index] = 'void'
      else await decide(entry, index)
    }
    return decisions
  }

  /** Makes an entry the commit that it wants to be, unless another one is that already. */
  async help(entry: FeedEntry, at: number): Promise<'counts' | 'void'> {
    const key = this.#keys.commit(entry.stream, entry.number)
    if (await this.#connection.insert(key, commitOf(entry, at))) return 'counts'
    const decision = await this.#lookUp(entry, at)
    // What is there once is never removed.
    return decision === 'counts' ? 'counts' : 'void'
  }

  async #lookUp(entry: FeedEntry, at: number): Promise<Decision> {
    const found = await readCommitFields(this.#connection, this.#keys, entry.stream, entry.number)
    if (found === undefined) return 'open'
    const decision = found.at === at && found.id === lastId(entry) ? 'counts' : 'void'
    this.note(at, decision)
    return decision
  }
}

/** The last sequence of each entry. */
export function endsOf({ base, entries }: PageDocument): readonly number[] {
  let at = base
  return entries.map((entry) => (at += sequencesOf(entry)))
}

/** The entry of the same stream before the one at `index`; -1: there is none on the page. */
function previousOf({ entries }: PageDocument, index: number): number {
  const streamAt = (at: number): string | undefined => {
    const entry = entries[at]
    return entry === undefined || isVoid(entry) ? undefined : entry.stream
  }
  let before = index - 1
  while (before >= 0 && streamAt(before) !== streamAt(index)) before--
  return before
}
