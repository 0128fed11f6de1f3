import { setTimeout as sleep } from 'node:timers/promises'
import { pause } from './backoff.ts'

/** Transactions that one writer sends in its turn: to hand over takes about as long as one of them. */
const TURN_TRANSACTIONS = 4
/** A writer counts as one that writes still, for so many transactions of each in line after its last slot, within these bounds. */
const ACTIVE_TRANSACTIONS = 6
const SHORTEST_ACTIVE_MS = 50
const LONGEST_ACTIVE_MS = 10_000
/** Of the time that a transaction takes: how long somebody is waited for at least. */
const GRACE = 1.5
/** How many times what that time differs by is waited for beyond it: some take much longer than most. */
const DEVIATIONS = 3
/** Of that time too: the longest between two looks of who is next. */
const LOOKS = 0.5
/** How often one who writes without a break, and knows of nobody else, leaves room for somebody to come in. */
const ROOM_EVERY_MS = 1000
/** How fast the estimates follow what was measured: upwards slowly, since one that took long is mostly the exception. */
const WEIGHT_UP = 0.1
const WEIGHT_DOWN = 0.4
const FIRST_ESTIMATE_MS = 10

/**
 * Lets the writers of one partition take turns. Without that, all of them send, one wins, and the others have sent in vain,
 * which the service bills like a write. Everybody sees the same slots, so everybody knows the line: whoever wrote last goes
 * on for some transactions, then whoever's last slot is oldest is next, and one that has written none yet does not wait.
 * It is a courtesy only: who does not come when it is his turn is passed over, and what decides is the condition that the
 * place is free.
 */
export class Turns {
  readonly #self: string
  /** When each writer's last slot was seen, oldest first. */
  readonly #seen = new Map<string, number>()
  /** Who wrote the last slot, and how many before it without a break. */
  #holder = ''
  #held = 0
  #transactionMs = FIRST_ESTIMATE_MS
  #deviationMs = 0
  #wroteAtMs = 0
  /** Since when one transaction has followed the other. */
  #withoutBreakSinceMs = 0
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
    this.#held = writer === this.#holder ? this.#held + 1 : 1
    this.#holder = writer
    this.#lookedAtMs = nowMs
  }

  /** A transaction of one's own was written. */
  wrote(durationMs: number): void {
    this.#deviationMs = follow(this.#deviationMs, Math.abs(durationMs - this.#transactionMs))
    this.#transactionMs = follow(this.#transactionMs, durationMs)
    this.saw(this.#self)
    this.#wroteAtMs = performance.now()
  }

  /**
   * Resolves when it is one's turn: at once, where nobody else writes.
   *
   * @param look - asks where the feed ends, and tells `saw` of each slot that is new; resolves with whether there was one.
   */
  async take(look: () => Promise<boolean>, isOver: () => boolean): Promise<void> {
    if (this.#isAlone()) await this.#leaveRoom(look)
    let waitedFromMs = performance.now()
    while (!isOver()) {
      const ahead = this.#ahead()
      if (ahead === 0 && this.#holder === this.#self) return
      const waitMs = ahead * this.#graceMs
      if (performance.now() - waitedFromMs >= waitMs) {
        if (performance.now() - this.#lookedAtMs <= this.#transactionMs * LOOKS || this.#isAlone()) {
          // Nobody came: the turn is one's own again.
          if (this.#holder === this.#self) this.#held = 0
          return
        }
      } else await pause(this.#transactionMs * Math.max(LOOKS, ahead - 1))
      const lookedFromMs = performance.now()
      if (await look()) waitedFromMs = performance.now()
      this.#lookedAtMs = performance.now()
      // Who has written nothing yet learns from this how long things take.
      this.#transactionMs = Math.max(this.#transactionMs, this.#lookedAtMs - lookedFromMs)
    }
  }

  /**
   * Whoever has never won cannot be known, and loses all the time against one who sends the next transaction as soon as the
   * one before is written: there must be a moment in which nobody sends.
   */
  async #leaveRoom(look: () => Promise<boolean>): Promise<void> {
    const nowMs = performance.now()
    if (nowMs - this.#wroteAtMs > this.#transactionMs) this.#withoutBreakSinceMs = nowMs
    if (nowMs - this.#withoutBreakSinceMs < ROOM_EVERY_MS) return
    await sleep(this.#transactionMs)
    await look()
    this.#withoutBreakSinceMs = performance.now()
  }

  /** How long one who is next is waited for. */
  get #graceMs(): number {
    return Math.max(GRACE * this.#transactionMs, this.#transactionMs + DEVIATIONS * this.#deviationMs)
  }

  /** How many others come first. */
  #ahead(): number {
    this.#forget()
    if (this.#isAlone()) return 0
    const goesOn = this.#held < TURN_TRANSACTIONS
    if (this.#holder === this.#self && goesOn) return 0
    const line = [...this.#seen.keys()]
    const before = Math.max(0, line.indexOf(this.#self))
    const holderSeenMs = this.#seen.get(this.#holder) ?? 0
    const isAtIt = performance.now() - holderSeenMs < this.#graceMs
    return this.#holder !== this.#self && goesOn && isAtIt ? before + 1 : before
  }

  #isAlone(): boolean {
    return this.#seen.size === (this.#seen.has(this.#self) ? 1 : 0)
  }

  /** Those that have not written for a while. */
  #forget(): void {
    const nowMs = performance.now()
    const activeMs = ACTIVE_TRANSACTIONS * (this.#seen.size + 1) * this.#transactionMs
    const boundMs = Math.min(Math.max(activeMs, SHORTEST_ACTIVE_MS), LONGEST_ACTIVE_MS)
    for (const [writer, seenAtMs] of this.#seen) if (nowMs - seenAtMs > boundMs) this.#seen.delete(writer)
  }
}

function follow(estimate: number, measured: number): number {
  return estimate + (measured - estimate) * (measured > estimate ? WEIGHT_UP : WEIGHT_DOWN)
}
