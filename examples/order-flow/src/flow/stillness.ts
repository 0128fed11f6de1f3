import type { FlowState } from './flow-state.ts'

/** Tells when nothing has changed for too long: then something is wrong, and waiting will not mend it. */
export class Stillness {
  readonly #patienceMs: number
  #last = ''
  #sinceMs = 0

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs
  }

  isTooLong(state: FlowState): boolean {
    const { elapsedMs, begun, stored, onTheWay, sentAgain, sales, services } = state
    const processes = services.map(({ pid, status, progress }) => [pid, status, progress])
    const seen = JSON.stringify([begun, stored, onTheWay, sentAgain, sales, processes])
    if (seen !== this.#last) {
      this.#last = seen
      this.#sinceMs = elapsedMs
    }
    return elapsedMs - this.#sinceMs >= this.#patienceMs
  }
}
