import { type Backend, parsePosition, type RecordedEvent } from '@eventspine/core'

/** Everything that a native stream holds, in the order of its partitions, read by a group of its own. */
export async function targetEvents({ stream }: Backend): Promise<readonly RecordedEvent[]> {
  const found: { readonly event: RecordedEvent; readonly partition: number; readonly sequence: number }[] = []
  await stream.runOnce({
    group: crypto.randomUUID(),
    budgetMs: 60_000,
    handlers: (event) => void found.push({ event, ...parsePosition(event.position) }),
  })
  // Events of different streams are handled side by side; where they stand is said by their positions.
  found.sort((a, b) => a.partition - b.partition || a.sequence - b.sequence)
  return found.map(({ event }) => event)
}
