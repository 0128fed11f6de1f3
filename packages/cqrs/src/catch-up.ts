import {
  abortableDelay,
  type ConsumerGroup,
  isTransient,
  parsePosition,
  type PartitionLag,
} from '@eventspine/core'

/** How far a new build is. */
export interface RebuildProgress {
  /** Feed entries that it has passed, since it was begun. */
  readonly passedEvents: number
  /** Feed entries that are left, as of now. */
  readonly remainingEvents: number
  /** Entries a second, of this run; 0 until it has passed some. */
  readonly eventsPerSecond: number
  /** At this rate; `undefined` while there is none. */
  readonly remainingMs: number | undefined
  readonly parkedStreams: number
}

export interface CatchUpOptions {
  readonly group: ConsumerGroup
  /** Between two looks. */
  readonly pollMs: number
  /** A group that got to the head of a moment ago in this time follows the writers, and is done. */
  readonly maxBehindMs: number
  readonly signal: AbortSignal
  /** There is nothing to wait for any more: the build serves already, or was given up. */
  readonly isOver: () => Promise<boolean>
  readonly onProgress?: ((progress: RebuildProgress) => void) | undefined
}

/**
 * Watches a group until it has caught up: it reached what was the head of every partition when a round began,
 * the round was short, and no stream is parked. Rounds get shorter as the distance does, so this ends also
 * while others never stop writing.
 *
 * @returns `false` when `signal` aborted.
 */
export async function catchUp(options: CatchUpOptions): Promise<boolean> {
  const { pollMs, maxBehindMs, signal } = options
  const rate = new Rate()
  let round: { readonly startedAtMs: number; readonly goal: readonly number[] } | undefined
  while (!signal.aborted) {
    try {
      if (await options.isOver()) return true
      const lag = await options.group.lag()
      options.onProgress?.(rate.progress(lag))
      // Whoever was told may have asked for an end.
      if (signal.aborted) return false
      const { startedAtMs, goal } = (round ??= { startedAtMs: performance.now(), goal: lag.map(headOf) })
      const isThere = lag.every(
        (partition, index) => sequenceOf(partition) >= (goal[index] ?? 0) && partition.parkedStreams === 0,
      )
      if (isThere && performance.now() - startedAtMs <= maxBehindMs) return true
      if (isThere) round = undefined
    } catch (error) {
      // The consumer itself tells of an outage, and outlasts it: so does who watches it.
      if (!isTransient(error)) throw error
    }
    await abortableDelay(pollMs, signal)
  }
  return false
}

function sequenceOf({ checkpoint }: PartitionLag): number {
  return parsePosition(checkpoint).sequence
}

function headOf(lag: PartitionLag): number {
  return sequenceOf(lag) + lag.events
}

/** How fast a run gets on, from when it was first looked at. */
class Rate {
  #first: { readonly atMs: number; readonly passed: number } | undefined

  progress(lag: readonly PartitionLag[]): RebuildProgress {
    const passedEvents = lag.reduce((sum, partition) => sum + sequenceOf(partition), 0)
    const remainingEvents = lag.reduce((sum, { events }) => sum + events, 0)
    const parkedStreams = lag.reduce((sum, partition) => sum + partition.parkedStreams, 0)
    const atMs = performance.now()
    this.#first ??= { atMs, passed: passedEvents }
    const elapsedMs = atMs - this.#first.atMs
    const passed = passedEvents - this.#first.passed
    const eventsPerSecond = elapsedMs > 0 ? (passed * 1000) / elapsedMs : 0
    const remainingMs = eventsPerSecond > 0 ? (remainingEvents * 1000) / eventsPerSecond : undefined
    return { passedEvents, remainingEvents, eventsPerSecond, remainingMs, parkedStreams }
  }
}
