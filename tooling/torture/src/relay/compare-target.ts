import { readLogEvents, type Violation } from '@eventspine/conformance'
import { type Backend, parsePosition, partitionOf } from '@eventspine/core'

/**
 * Holds what committed readers of the target get against the source: each event once, in the order of its source
 * partition, and nothing else.
 *
 * @returns also how many events there are.
 */
export async function compareTarget(
  { store }: Backend,
  target: Backend,
): Promise<{ readonly events: number; readonly violations: readonly Violation[] }> {
  const violations: Violation[] = []
  const order = new Map<string, number>()
  for (let partition = 0; partition < store.partitions; partition++) {
    const events = await store.feed({ partition }).toArray()
    events.forEach(({ id }, index) => order.set(id, index))
  }
  const found = new Set<string>()
  const last = new Map<string, number>()
  for (const { id, streamId, position } of await readLogEvents(target)) {
    const place = order.get(id)
    if (place === undefined) violations.push({ kind: 'phantom', what: `event ${id} is not in the source` })
    else if (found.has(id))
      violations.push({ kind: 'doubled', what: `event ${id} stands at ${position} again` })
    else {
      const way = `${partitionOf(streamId, store.partitions)} to ${parsePosition(position).partition}`
      const before = last.get(way) ?? -1
      if (place < before)
        violations.push({ kind: 'reordered', what: `event ${id} stands at ${position}, behind a later one` })
      last.set(way, Math.max(place, before))
    }
    found.add(id)
  }
  for (const id of order.keys())
    if (!found.has(id)) violations.push({ kind: 'lost', what: `event ${id} is not in the target` })
  return { events: order.size, violations }
}
