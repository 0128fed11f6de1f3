import { parsePosition } from '../position.ts'
import type { Checkpoint } from './checkpoint.ts'

/**
 * The first sequence of its partition that a group still needs, by the value of its checkpoint document: for
 * logs, which must not trim what a group has not seen. Events of parked streams wait for their replay. The
 * documents are in the collection {@link CHECKPOINTS}.
 */
export function firstNeeded(checkpoint: string): number {
  // Only groups write documents there.
  const { position, parked } = JSON.parse(checkpoint) as Checkpoint
  return Math.min(
    parsePosition(position).sequence + 1,
    // In a log, the position within a stream is the sequence.
    ...parked.map(({ streamPosition }) => streamPosition),
  )
}
