import { randomUUID } from 'node:crypto'
import { partitionOf } from '@eventspine/core'

/** Stands in the data of all sample events: no message of an error may hold it. */
export const PAYLOAD = 'payload-that-no-message-may-hold'

export interface SampleData {
  readonly number: number
  readonly note: string
}

export interface SampleEvent {
  readonly type: 'Counted'
  readonly id: string
  readonly data: SampleData
}

/** An event with an id of its own, recognisable by its number. */
export function sampleEvent(number: number): SampleEvent {
  return { type: 'Counted', id: randomUUID(), data: { number, note: PAYLOAD } }
}

/** Events numbered from `from`. */
export function sampleEvents(count: number, from = 1): readonly SampleEvent[] {
  return Array.from({ length: count }, (_, index) => sampleEvent(from + index))
}

/** The number of a sample event that was read back. */
export function numberOf(event: { readonly data: unknown }): number {
  const { data } = event
  if (typeof data !== 'object' || data === null || !('number' in data)) throw new Error('not a sample event')
  return Number(data.number)
}

/** Stream ids that live in one partition. */
export function streamsOfPartition(
  partition: number,
  partitions: number,
  count: number,
  prefix = 'counter:',
): readonly string[] {
  const found: string[] = []
  for (let number = 1; found.length < count; number++) {
    const streamId = `${prefix}${number}`
    if (partitionOf(streamId, partitions) === partition) found.push(streamId)
  }
  return found
}

/** Stream ids that each live in another partition, from partition 0 on. */
export function streamsAcrossPartitions(partitions: number): readonly string[] {
  return Array.from({ length: partitions }, (_, partition) =>
    streamsOfPartition(partition, partitions, 1),
  ).flat()
}
