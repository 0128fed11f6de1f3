import { partitionOf, type RecordedEvent } from '@eventspine/core'
import type { MemoryDatabase, MemoryLogDatabase } from '@eventspine/memory'

/** What readers of the target got of each source partition, in order, beside what they should have got. */
export function relayed(
  database: MemoryDatabase,
  log: MemoryLogDatabase,
  filter: (event: RecordedEvent) => boolean = () => true,
) {
  const expected = database.partitions.map(({ rows }) =>
    rows
      // The filters of these tests look at the data alone.
      .filter(({ data }) => filter({ data: JSON.parse(data) as unknown } as RecordedEvent))
      .map(({ streamId, version }) => `${streamId}@${version}`),
  )
  const found = expected.map((): string[] => [])
  const order = new Map(
    database.partitions.flatMap(({ rows }) => rows.map(({ id, sequence }) => [id, sequence])),
  )
  const inOrder = log.partitions.every(({ entries }) => {
    const last = new Map<number, number>()
    return entries.every(({ id, streamId }) => {
      const partition = partitionOf(streamId, expected.length)
      const sequence = order.get(id) ?? 0
      const before = last.get(partition) ?? 0
      last.set(partition, sequence)
      return sequence > before
    })
  })
  const entries = log.partitions.flatMap((partition) => partition.entries)
  entries.sort((a, b) => (order.get(a.id) ?? 0) - (order.get(b.id) ?? 0))
  for (const { streamId, origin } of entries)
    found[partitionOf(streamId, expected.length)]?.push(`${streamId}@${origin?.streamPosition}`)
  return { found: { inOrder, partitions: found }, expected: { inOrder: true, partitions: expected } }
}
