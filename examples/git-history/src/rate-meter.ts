const WINDOW_MS = 5000
const SAMPLE_MS = 100

/** Speed over the last five seconds, so that it follows what happens now. */
export class RateMeter {
  readonly #samples: { readonly atMs: number; readonly value: number }[] = []

  add(atMs: number, value: number): void {
    const last = this.#samples.at(-2)
    // Close to each other, only the newest is kept.
    if (last !== undefined && atMs - last.atMs < SAMPLE_MS) this.#samples.pop()
    this.#samples.push({ atMs, value })
    while (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? atMs) > WINDOW_MS)
      this.#samples.shift()
  }

  /** 0 until two samples are there. */
  get perSecond(): number {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.atMs === first.atMs) return 0
    return ((last.value - first.value) * 1000) / (last.atMs - first.atMs)
  }
}
