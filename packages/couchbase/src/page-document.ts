import type { PageEntry } from './stored-commit.ts'

/** A page of the feed of one partition. Page k + 1 exists only after page k was closed. */
export interface PageDocument {
  /** There while entries may be appended. */
  readonly open?: 1
  /** The partition is sealed: no page follows until this is taken away. */
  readonly sealed?: 1
  /** All entries are decided here and on all pages before: those that do not count are void. */
  readonly settled?: 1
  /** The last sequence before this page. */
  readonly base: number
  /** The last sequence that was given here. */
  readonly last: number
  /** About the bytes of the entries: how full it is. */
  readonly size: number
  readonly entries: readonly PageEntry[]
}

/** Whoever makes a page that follows `base` makes the same. */
export function newPage(base: number): PageDocument {
  return { open: 1, base, last: base, size: 0, entries: [] }
}

/** How many sequences an entry takes. */
export function sequencesOf(entry: PageEntry): number {
  return 'void' in entry ? entry.void : entry.events.length
}
