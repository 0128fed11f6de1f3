import type { ImportedEvent } from './adapter.ts'
import { checkInteger, checkLimit } from './arguments.ts'
import type { Capabilities } from './capabilities.ts'
import { encodeEvent } from './encode-event.ts'
import { invalidArgument } from './error.ts'
import type { ImportEvent } from './event-store.ts'
import { partitionOf } from './partition.ts'
import { checkStreamId } from './stream-id.ts'
import { withFields } from './with-fields.ts'

/** Checks recorded events and sorts them by partition, in order within each. */
export function prepareImport(
  events: readonly ImportEvent[],
  partitions: number,
  capabilities: Capabilities,
): ReadonlyMap<number, readonly ImportedEvent[]> {
  if (!Array.isArray(events)) throw invalidArgument('events', 'must be an array')
  checkLimit(events.length, capabilities.maxAppendEvents, 'events', 'events')
  const byPartition = new Map<number, ImportedEvent[]>()
  let bytes = 0
  events.forEach((event: ImportEvent, index) => {
    const field = `events[${index}]`
    if (typeof event !== 'object' || event === null) throw invalidArgument(field, 'must be an object')
    const {
      streamId,
      streamPosition,
      timestamp,
      id,
      type,
      schemaVersion,
      data,
      metadata,
      occurredAt,
      tags,
      contentType,
    } = event
    checkStreamId(streamId, `${field}.streamId`)
    checkInteger(streamPosition, `${field}.streamPosition`, 1)
    const timestampMs = Date.parse(timestamp)
    if (Number.isNaN(timestampMs)) throw invalidArgument(`${field}.timestamp`, 'must be an ISO 8601 time')
    if (typeof id !== 'string') throw invalidArgument(`${field}.id`, 'must be the id it was recorded with')
    const encoded = encodeEvent(
      {
        id,
        type,
        schemaVersion,
        data,
        metadata,
        ...(occurredAt === undefined ? {} : { occurredAt }),
        ...(tags === undefined ? {} : { tags }),
        ...(contentType === undefined ? {} : { contentType }),
      },
      field,
    )
    bytes += Buffer.byteLength(encoded.data) + Buffer.byteLength(encoded.metadata)
    const partition = partitionOf(streamId, partitions)
    const imported = withFields(encoded, { streamId, version: streamPosition, timestampMs })
    const rest = byPartition.get(partition)
    if (rest === undefined) byPartition.set(partition, [imported])
    else rest.push(imported)
  })
  checkLimit(bytes, capabilities.maxAppendBytes, 'events', 'bytes')
  return byPartition
}
