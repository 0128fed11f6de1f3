import type { Capabilities } from './capabilities.ts'
import { EventStoreError } from './error.ts'
import type { RelayedEvent, RelayPosition, RelaySessionAdapter } from './log-adapter.ts'
import { eventCheck } from './position.ts'

/** UTF-8 bytes of one UTF-16 unit, at most. */
const MAX_UNIT_BYTES = 3

/** What a log takes in one write of a relay. */
export type RelayLimits = Pick<Capabilities, 'maxAppendEvents' | 'maxAppendBytes'>

/**
 * Writes events and moves the position: in one step, or in as few as the log takes, each with the position of its own
 * last event.
 *
 * @throws {@link EventStoreError} `LIMIT_EXCEEDED`: one event alone is too large; nothing was written. Else what the
 *   session throws.
 */
export async function writeRelayed(
  session: RelaySessionAdapter,
  events: readonly RelayedEvent[],
  position: RelayPosition,
  limits: RelayLimits,
): Promise<void> {
  const batches = relayBatches(events, limits)
  const end = batches.pop() ?? []
  for (const batch of batches) {
    const last = batch.at(-1)
    if (last !== undefined)
      await session.doWrite(batch, { sequence: last.sourceSequence, check: eventCheck(last.id) })
  }
  await session.doWrite(end, position)
}

/**
 * The events in batches that the log takes, in order; at least one, which may be empty.
 *
 * @throws {@link EventStoreError} `LIMIT_EXCEEDED`: one event alone is too large; nothing was written.
 */
function relayBatches(
  events: readonly RelayedEvent[],
  { maxAppendEvents, maxAppendBytes }: RelayLimits,
): (readonly RelayedEvent[])[] {
  let units = 0
  for (const { data, metadata } of events) units += data.length + metadata.length
  // Most slices are far below the limits, and their bytes need not be counted.
  if (events.length <= maxAppendEvents && units * MAX_UNIT_BYTES <= maxAppendBytes) return [events]
  const batches: RelayedEvent[][] = []
  let batch: RelayedEvent[] = []
  let batchBytes = 0
  for (const event of events) {
    const bytes = Buffer.byteLength(event.data) + Buffer.byteLength(event.metadata)
    if (bytes > maxAppendBytes) {
      throw new EventStoreError(
        'LIMIT_EXCEEDED',
        `event ${event.id} of type ${event.type} has ${bytes} bytes, the relay's target takes ${maxAppendBytes}`,
      )
    }
    if (batch.length === maxAppendEvents || batchBytes + bytes > maxAppendBytes) {
      batches.push(batch)
      batch = []
      batchBytes = 0
    }
    batch.push(event)
    batchBytes += bytes
  }
  return [...batches, batch]
}
