import type { Backend, RecordedEvent } from '@eventspine/core'

/** Everything that a native stream holds, in the order of its partitions, read by a group of its own. */
export async function targetEvents({ stream }: Backend): Promise<readonly RecordedEvent[]> {
  const found: RecordedEvent[] = []
  await stream.runOnce({
    group: crypto.randomUUID(),
    budgetMs: 30_000,
    // Side by side, events of different streams would come in another order than they stand in.
    concurrency: 1,
    handlers: (event) => void found.push(event),
  })
  return found
}
