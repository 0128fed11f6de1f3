import { invalidArgument } from '@eventspine/core'

/**
 * A clock that stands until it is told to move: give its `now` to whatever takes a `clock`, such as the memory
 * backend and schedules.
 */
export class FakeClock {
  #nowMs: number

  /** @param start - default 2030-01-01T00:00:00Z. */
  constructor(start: Date | string | number = '2030-01-01T00:00:00Z') {
    this.#nowMs = timeOf(start, 'start')
  }

  /** Milliseconds since the epoch. */
  readonly now = (): number => this.#nowMs

  /** Moves on by so many milliseconds; a negative number steps back, as clocks of servers do. */
  advance(ms: number): void {
    this.set(this.#nowMs + ms)
  }

  set(time: Date | string | number): void {
    this.#nowMs = timeOf(time, 'time')
  }
}

function timeOf(time: Date | string | number, field: string): number {
  const ms = new Date(time).getTime()
  if (Number.isNaN(ms)) throw invalidArgument(field, 'is not a time')
  return ms
}
