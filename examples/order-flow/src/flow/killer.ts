import { setTimeout as delay } from 'node:timers/promises'
import type { Fleet } from './fleet.ts'
import type { PlannedKill } from './plan-kills.ts'
import { untilAborted } from './until-aborted.ts'

/** Kills as planned, one after the other: one that comes while the service is down waits until it is up. */
export class Killer {
  readonly #fleet: Fleet
  readonly #signal: AbortSignal
  #waiting: readonly PlannedKill[]
  #last: Promise<void> = Promise.resolve()

  constructor(fleet: Fleet, plan: readonly PlannedKill[], signal: AbortSignal) {
    this.#fleet = fleet
    this.#waiting = plan
    this.#signal = signal
  }

  orderBegun(number: number): void {
    const due = this.#waiting.filter(({ atOrder }) => atOrder <= number)
    this.#waiting = this.#waiting.slice(due.length)
    for (const kill of due) this.#last = this.#after(this.#last, kill)
    // Whoever awaits `done` hears of it.
    this.#last.catch(() => undefined)
  }

  done(): Promise<void> {
    return untilAborted(this.#last, this.#signal)
  }

  async #after(before: Promise<void>, { afterMs, service }: PlannedKill): Promise<void> {
    await before
    await delay(afterMs, undefined, { signal: this.#signal })
    await this.#fleet.kill(service)
  }
}
