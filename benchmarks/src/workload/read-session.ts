import type { LocalSession } from '../harness/session.ts'

/** What one pass over the stored events found. */
export interface Pass {
  readonly events: number
  /** Of a number that each event contributed to: proof that it was looked at. */
  readonly sum: number
}

/**
 * A session of workers that read the same `expectedEvents` events over and over.
 *
 * @param read - One pass. It throws, and with it the slice, where it misses an event or one's content.
 */
export function readSession(
  expectedEvents: number,
  read: () => Promise<Pass>,
  close?: () => Promise<void>,
): LocalSession {
  return {
    async operate() {
      const { events, sum } = await read()
      if (events !== expectedEvents || !(sum > 0)) {
        throw new Error(`a pass over ${expectedEvents} events found ${events}, with a sum of ${sum}`)
      }
      return events
    },
    ...(close === undefined ? {} : { close }),
  }
}
