import type { FeedAdapter } from '../adapter.ts'
import type { GroupCheckpoint } from '../group-adapter.ts'
import { eventCheck, feedDiverged, formatPosition, parsePosition, type Position } from '../position.ts'
import type { Parked } from './checkpoint.ts'
import type { ConsumerBackend } from './run.ts'

/** Stands for the check of an event of which nothing is known. */
export const UNKNOWN_CHECK = '00000000'

/** So far back an event is looked for when the place was set by others; between, a log holds marks of its own. */
const MAX_STEPS_BACK = 100

/** A checkpoint that a native group keeps, as the engine works with it. */
export interface OwnCheckpoint {
  readonly position: Position
  readonly epoch: number
  readonly parked: readonly Parked[]
}

export function toGroupCheckpoint({ position, epoch, parked }: OwnCheckpoint): GroupCheckpoint {
  const { incarnation, sequence, check } = parsePosition(position)
  return {
    incarnation,
    sequence,
    check: sequence === 0 ? undefined : check,
    epoch,
    parked: parked.map(({ streamId, firstPosition, attempts, error }) => {
      const first = parsePosition(firstPosition)
      return { streamId, sequence: first.sequence, check: first.check, attempts, error }
    }),
  }
}

/** Where the group says that it is: for those who look, not for those who go on from there. */
export function positionOf(
  { incarnation, sequence, check }: Pick<GroupCheckpoint, 'incarnation' | 'sequence' | 'check'>,
  partition: number,
): Position {
  return formatPosition(incarnation, partition, {
    sequence,
    check: sequence === 0 ? '' : (check ?? UNKNOWN_CHECK),
  })
}

export function parkedOf({ incarnation, parked }: GroupCheckpoint, partition: number): readonly Parked[] {
  return parked.map(({ streamId, sequence, check, attempts, error }) => ({
    streamId,
    // In a log, the position within a stream is the sequence.
    streamPosition: sequence,
    firstPosition: formatPosition(incarnation, partition, { sequence, check }),
    attempts,
    error,
  }))
}

/** @throws {@link EventStoreError} `FEED_DIVERGED`: others have set a place that no event stands near. */
export async function resume(
  { adapter, store }: Pick<ConsumerBackend, 'adapter' | 'store'>,
  found: GroupCheckpoint,
  partition: number,
): Promise<OwnCheckpoint> {
  const { log } = adapter
  const own = { epoch: found.epoch, parked: parkedOf(found, partition) }
  if (found.sequence === 0 || found.check !== undefined || log === undefined)
    return { ...own, position: positionOf(found, partition) }
  const cursor = await cursorBefore(log, partition, found.sequence)
  return { ...own, position: formatPosition(store.incarnation, partition, cursor) }
}

/** The last event at or before `sequence`. */
async function cursorBefore(
  log: FeedAdapter,
  partition: number,
  sequence: number,
): Promise<{ readonly sequence: number; readonly check: string }> {
  for (let after = sequence; after > Math.max(0, sequence - MAX_STEPS_BACK); after--) {
    const { anchorId, firstKept } = await log.doReadFeed({ partition, after, limit: 1 })
    if (anchorId !== undefined) return { sequence: after, check: eventCheck(anchorId) }
    if (after < firstKept) return { sequence: after, check: UNKNOWN_CHECK }
  }
  if (sequence <= MAX_STEPS_BACK) return { sequence: 0, check: '' }
  throw feedDiverged(partition, `the group was set to sequence ${sequence}, near which no event stands`)
}
