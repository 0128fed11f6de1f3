/** A clock that stands until somebody moves it. */
export class FakeClock {
  nowMs: number
  /** How often it was looked at. */
  reads = 0

  constructor(nowMs = Date.UTC(2030, 0, 1)) {
    this.nowMs = nowMs
  }

  readonly read = (): number => {
    this.reads++
    return this.nowMs
  }

  advance(ms: number): void {
    this.nowMs += ms
  }
}
