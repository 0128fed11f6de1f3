import type { Backend, RecordedEvent, Token } from '@eventspine/core'
import { randomUUID } from 'node:crypto'

/**
 * Everything that a log holds, by partition and in its order, read by a group of its own up to `token` at least.
 */
export async function readLog(
  backend: Backend,
  token: Token,
): Promise<ReadonlyMap<number, readonly RecordedEvent[]>> {
  const partitions = new Map<number, RecordedEvent[]>()
  const reader = await backend.stream.subscribe({
    group: `reader-${randomUUID()}`,
    // Side by side, events of different streams would come in another order than they stand in.
    concurrency: 1,
    pollMs: { min: 5, max: 50 },
    handlers: (event, { partition }) => {
      const events = partitions.get(partition)
      if (events === undefined) partitions.set(partition, [event])
      else events.push(event)
    },
  })
  try {
    await reader.caughtUpTo(token)
  } finally {
    await reader.stop()
  }
  return partitions
}
