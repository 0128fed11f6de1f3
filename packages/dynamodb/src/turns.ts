import { pause } from './backoff.ts'

/** A writer counts as one that writes still, for so many of its turns after its last slot, within these bounds. */
const ACTIVE_TURNS = 6
const SHORTEST_ACTIVE_MS = 50
const LONGEST_ACTIVE_MS = 2000
/** Of the time that a transaction takes: how long the one before in line is waited for. */
const GRACE = 1.5
/** How fast the estimate of that time follows what was measured. */
const WEIGHT = 0.2
const FIRST_ESTIMATE_MS = 10

/**
 * Lets the writers of one partition take turns. Without that, all of them send, one wins, and the others have sent in vain,
 * which the service bills like a write. Everybody sees the same slots, so everybody knows the line: whoever's last
 * slot is oldest is next, and one that has written none yet does not wait. It is a courtesy only: who does not come when
 * it is his turn is passed over, and what decides is the condition that the place is free.
 */
export class Turns {
  readonly #self: string
  /** When each writer's last slot was seen, oldest first. */
  readonly #seen = new Map<string, number>()
  #transactionMs = FIRST_ESTIMATE_MS
  /** When the end of the feed was last known to be where it is. */
  #lookedAtMs = 0

  constructor(self: string) {
    this.#self = self
  }

  /** A slot of this writer is the last now. */
  saw(writer: string): void {
    const nowMs = performance.now()
    this.#seen.delete(writer)
    this.#seen.set(writer, nowMs)
    this.#lookedAtMs = nowMs
  }

  /** A transaction of one's own was written. */
  wrote(durationMs: number): void {
    this.#transactionMs += (durationMs - this.#transactionMs) * WEIGHT
    this.saw(this.#self)
  }

  /**
   * Resolves when it is one's turn: at once, where nobody else writes.
   *
   * @param look - asks where the feed ends, and tells `saw` of each slot that is new; resolves with whether there was one.
   */
  async take(look: () => Promise<boolean>, isOver: () => boolean): Promise<void> {
    let ahead = this.#ahead()
    if (ahead === undefined) return
    let waitedFromMs = performance.now()
    while (!isOver()) {
      if (ahead === undefined || performance.now() - waitedFromMs >= ahead * GRACE * this.#transactionMs) {
        if (performance.now() - this.#lookedAtMs <= this.#transactionMs / 2) return
      } else await pause(this.#transactionMs)
      if (await look()) waitedFromMs = performance.now()
      this.#lookedAtMs = performance.now()
      ahead = this.#ahead()
    }
  }

  /** How many others come first; `undefined` when nobody else writes. */
  #ahead(): number | undefined {
    const nowMs = performance.now()
    const activeMs = ACTIVE_TURNS * (this.#seen.size + 1) * this.#transactionMs
    const boundMs = Math.min(Math.max(activeMs, SHORTEST_ACTIVE_MS), LONGEST_ACTIVE_MS)
    for (const [writer, seenAtMs] of this.#seen) if (nowMs - seenAtMs > boundMs) this.#seen.delete(writer)
    if (this.#seen.size === (this.#seen.has(this.#self) ? 1 : 0)) return undefined
    const line = [...this.#seen.keys()]
    return Math.max(0, line.indexOf(this.#self))
  }
}
