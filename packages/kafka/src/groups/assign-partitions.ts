import type { Holding } from './member-metadata.ts'

/**
 * Divides partitions so that members differ by one at most and keep what they have as far as that allows: a
 * partition that stays needs no handing over. Of two that claim the same one, the later generation is believed.
 */
export function assignPartitions(
  members: ReadonlyMap<string, Holding>,
  partitions: number,
): ReadonlyMap<string, readonly number[]> {
  const believed = new Map<number, { readonly member: string; readonly generation: number }>()
  for (const [member, { generation, partitions: held }] of members) {
    for (const partition of held) {
      const other = believed.get(partition)
      if (partition < partitions && (other === undefined || other.generation < generation))
        believed.set(partition, { member, generation })
    }
  }
  const kept = new Map<string, number[]>([...members.keys()].sort().map((member) => [member, []]))
  for (const [partition, { member }] of [...believed].sort(([a], [b]) => a - b))
    kept.get(member)?.push(partition)

  const least = Math.floor(partitions / members.size)
  let larger = partitions % members.size
  const shares = [...kept]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([member, held]) => {
      const size = least + (larger > 0 ? 1 : 0)
      if (larger > 0) larger--
      return { member, size, own: held.slice(0, size) }
    })
  const taken = new Set(shares.flatMap(({ own }) => own))
  const free = Array.from({ length: partitions }, (_, partition) => partition).filter(
    (one) => !taken.has(one),
  )
  return new Map(
    shares.map(({ member, size, own }) => [member, [...own, ...free.splice(0, size - own.length)]]),
  )
}
