import type { Commit, EncodedEvent, StreamAppend } from './adapter.ts'
import { checkExpectedVersion, checkLimit } from './arguments.ts'
import type { Capabilities, Scope } from './capabilities.ts'
import { Distinct } from './distinct.ts'
import { encodeDocumentWrites } from './document-write.ts'
import { encodeEvent } from './encode-event.ts'
import { EventStoreError, invalidArgument, notSupported } from './error.ts'
import type { CommitRequest, CommitStream } from './event-store.ts'
import type { NewEvent } from './event.ts'
import { partitionOf } from './partition.ts'

export interface PreparedCommit {
  readonly commit: Commit
  /** The caller gave the events' ids, and every expectation is exact: a repeat can be recognised (law A6). */
  readonly repeatable: boolean
}

/**
 * Checks a request against the manifest and encodes it: after this only the backend can refuse it.
 *
 * @param fieldOfStream - `streams[0].` or empty: how the caller knows the fields of a lone stream.
 */
export function prepareCommit(
  request: CommitRequest,
  partitions: number,
  capabilities: Capabilities,
  backend: string,
  fieldOfStream: string,
): PreparedCommit {
  const { streams } = request
  if (streams.length === 0) throw invalidArgument('streams', 'must name at least one stream')
  const severalStreams = `${backend}: appending to several streams at once`
  // What is missing altogether is told before any of its limits.
  if (streams.length > 1) checkScope(capabilities.multiStreamAppend, 1, severalStreams)
  checkLimit(streams.length, capabilities.maxAppendStreams, 'streams', 'streams')
  let repeatable = true
  const ids = new Distinct()
  const names = new Distinct()
  const appends = streams.map((stream, index): StreamAppend => {
    const field = streams.length === 1 ? fieldOfStream : `streams[${index}].`
    const { streamId, events, expectedVersion = 'any' } = stream
    checkExpectedVersion(expectedVersion, `${field}expectedVersion`)
    if (!names.add(streamId)) throw invalidArgument(`${field}streamId`, 'occurs twice in one commit')
    const encoded = encodeEvents(events, `${field}events`, ids)
    repeatable &&=
      (expectedVersion === 'none' || typeof expectedVersion === 'number') &&
      events.every(({ id }) => id !== undefined)
    return { streamId, partition: partitionOf(streamId, partitions), expectedVersion, events: encoded }
  })
  checkSize(appends, capabilities, streams.length === 1 ? `${fieldOfStream}events` : 'streams')
  const documents =
    request.documents === undefined
      ? []
      : encodeDocumentWrites(request.documents, partitions, capabilities, 'documents')
  if (streams.length > 1) checkScope(capabilities.multiStreamAppend, countPartitions(appends), severalStreams)
  if (documents.length > 0) {
    checkScope(
      capabilities.documentsWithAppend,
      countPartitions([...appends, ...documents]),
      `${backend}: documents in the same commit as events`,
    )
  }
  return { commit: { appends, documents }, repeatable }
}

function encodeEvents(events: readonly NewEvent[], field: string, ids: Distinct): readonly EncodedEvent[] {
  if (!Array.isArray(events)) throw invalidArgument(field, 'must be an array')
  if (events.length === 0) throw invalidArgument(field, 'must not be empty in a commit')
  return events.map((event: NewEvent, index) => {
    const encoded = encodeEvent(event, `${field}[${index}]`)
    // One that was made here is like no other.
    if (event.id !== undefined && !ids.add(encoded.id)) {
      throw new EventStoreError('ID_REUSED', `${field}[${index}].id: occurs twice in one commit`, {
        field: `${field}[${index}].id`,
      })
    }
    return encoded
  })
}

function checkSize(appends: readonly StreamAppend[], capabilities: Capabilities, field: string): void {
  let events = 0
  let characters = 0
  for (const append of appends) {
    events += append.events.length
    for (const { data, metadata } of append.events) characters += data.length + metadata.length
  }
  checkLimit(events, capabilities.maxAppendEvents, field, 'events')
  // A UTF-16 unit is at most 3 bytes of UTF-8: far below the limit nothing has to be counted.
  if (characters * 3 <= capabilities.maxAppendBytes) return
  let bytes = 0
  for (const append of appends) {
    for (const { data, metadata } of append.events)
      bytes += Buffer.byteLength(data) + Buffer.byteLength(metadata)
  }
  checkLimit(bytes, capabilities.maxAppendBytes, field, 'bytes')
}

function countPartitions(parts: readonly { readonly partition: number }[]): number {
  return new Set(parts.map(({ partition }) => partition)).size
}

/** Refuses what reaches further than `scope`. */
export function checkScope(scope: Scope, partitions: number, what: string): void {
  if (scope === 'none') throw notSupported(`${what} is not supported`)
  if (scope === 'partition' && partitions > 1)
    throw notSupported(`${what} is supported within one partition only`)
}

/** The fewest commits that the backend can write these streams in. */
export function groupByScope(
  streams: readonly CommitStream[],
  scope: Scope,
  partitions: number,
): readonly (readonly CommitStream[])[] {
  if (scope === 'store') return [streams]
  if (scope === 'none') return streams.map((stream) => [stream])
  const groups = new Map<number, CommitStream[]>()
  for (const stream of streams) {
    const partition = partitionOf(stream.streamId, partitions)
    groups.set(partition, [...(groups.get(partition) ?? []), stream])
  }
  return [...groups.values()]
}
