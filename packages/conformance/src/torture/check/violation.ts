/** How a store broke its promises. */
export type ViolationKind =
  /** Acknowledged and not there, or not where it was said to be. */
  | 'lost'
  /** There, handled or counted more often than it may be. */
  | 'doubled'
  /** In another order than that of its stream, its feed or of time. */
  | 'reordered'
  /** Passed over by a reader or a consumer that went on behind it. */
  | 'skipped'
  /** There although it was refused, or although nobody wrote it. */
  | 'phantom'
  /** Part of a commit. */
  | 'torn'
  /** A version that stands for nothing. */
  | 'gap'
  /** Not seen by a read that started after its acknowledgement. */
  | 'stale'
  /** A checkpoint before what it covers was handled, or one that went back. */
  | 'unearned'
  /** Two at work on one stream, or two owners of one partition. */
  | 'overlapping'
  /** Other data than were written. */
  | 'damaged'
  /** An error without a type, or a consumer that ended by itself. */
  | 'defect'

export interface Violation {
  readonly kind: ViolationKind
  readonly what: string
}

/** Collects violations, of one kind at most so many: one cause tends to show a thousand times. */
export class Violations {
  readonly #found: Violation[] = []
  readonly #counts = new Map<ViolationKind, number>()

  add(kind: ViolationKind, what: string): void {
    const count = (this.#counts.get(kind) ?? 0) + 1
    this.#counts.set(kind, count)
    if (count <= 20) this.#found.push({ kind, what })
  }

  get found(): readonly Violation[] {
    return this.#found
  }
}

/** The sequence within its partition that a position names: `docs/wire.md` fixes its grammar. */
export function sequenceOf(position: string): number {
  return Number(position.split('.')[2])
}
