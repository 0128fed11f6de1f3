import { comparePositions, type Backend, type RecordedEvent, type Token } from '@eventspine/core'
import { randomUUID } from 'node:crypto'
import { patienceMs } from './case-scope.ts'

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
    pollMs: { min: 5, max: 50 },
    handlers: (event, { partition }) => {
      const events = partitions.get(partition)
      if (events === undefined) partitions.set(partition, [event])
      else events.push(event)
    },
  })
  try {
    await reader.caughtUpTo(token, { timeoutMs: 2 * patienceMs() })
  } finally {
    await reader.stop()
  }
  // Streams are served in turns, which is another order than that of the log.
  for (const events of partitions.values()) events.sort((a, b) => comparePositions(a.position, b.position))
  return partitions
}
