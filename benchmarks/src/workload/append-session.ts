import type { LocalSession } from '../harness/session.ts'
import { type OwnedStream, OwnedStreams, type StoredStream } from './owned-streams.ts'

/** How a candidate appends. */
export interface Appender {
  /**
   * Appends `count` events to `stream`, which is at `stream.version`, numbered from `firstNumber`. Builds and
   * serializes them itself: that is part of the job.
   */
  append(stream: OwnedStream, firstNumber: number, count: number): Promise<void>
  /** All streams as they are stored. */
  stored(): Promise<readonly StoredStream[]>
  close(): Promise<void>
}

/** A session of workers that append to streams of their own, and check at the end that all is there. */
export function appendSession(
  appender: Appender,
  concurrency: number,
  eventsPerAppend: number,
): LocalSession {
  const streams = new OwnedStreams(concurrency)
  let number = 0
  return {
    async operate(worker) {
      const stream = streams.next(worker)
      const first = number
      number += eventsPerAppend
      await appender.append(stream, first, eventsPerAppend)
      stream.version += eventsPerAppend
      return eventsPerAppend
    },
    check: async (acknowledgedEvents) => streams.check(await appender.stored(), acknowledgedEvents),
    close: () => appender.close(),
  }
}
