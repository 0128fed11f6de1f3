import { partitionOf, type Backend, type RecordedEvent } from '@eventspine/core'
import { AMOUNTS, COMMITS, isSound, type Amounts } from './workload-data.ts'
import type { SeenEvent } from './history.ts'

/** What a store holds once nobody writes: read twice, by stream and by feed. */
export interface StoreContents {
  /** Versions are sequences, both of which have gaps. */
  readonly isLog?: boolean
  /** Ids in the order of their versions, which start at 1. */
  readonly streams: Readonly<Record<string, readonly string[]>>
  /** By partition. */
  readonly feed: readonly (readonly SeenEvent[])[]
  /** Ids of events whose data are not what was written. */
  readonly damaged: readonly string[]
  /** Keys of the documents that commits brought along. */
  readonly documents: readonly string[]
  /** By group and stream: what consumers with effects counted. */
  readonly counted: Readonly<Record<string, Readonly<Record<string, Amounts>>>>
}

/** What to look for beside what the feed names. */
export interface ContentsRequest {
  readonly streamIds: readonly string[]
  /** Keys of documents, with the stream of the same commit. */
  readonly documents: readonly (readonly [key: string, streamId: string])[]
  readonly countingGroups: readonly string[]
}

/** Reads all that a store holds of a workload. Nobody may write meanwhile. */
export async function readStoreContents(backend: Backend, request: ContentsRequest): Promise<StoreContents> {
  const feed: SeenEvent[][] = []
  const damaged: string[] = []
  const streamIds = new Set(request.streamIds)
  for (let partition = 0; partition < backend.store.partitions; partition++) {
    const events = await backend.store.feed({ partition }).toArray()
    feed.push(events.map(asSeen))
    for (const event of events) {
      if (!isSound(event)) damaged.push(event.id)
      streamIds.add(event.streamId)
    }
  }
  const streams: Record<string, readonly string[]> = {}
  for (const streamId of streamIds) {
    const events = await backend.store.read(streamId).toArray()
    streams[streamId] = events.map(({ id }) => id)
  }
  return {
    streams,
    feed,
    damaged,
    documents: await presentKeys(backend, request.documents),
    counted: await readCounted(backend, request.countingGroups, [...streamIds]),
  }
}

export function asSeen({ position, id, streamId, streamPosition }: RecordedEvent): SeenEvent {
  return [position, id, streamId, streamPosition]
}

async function presentKeys(
  backend: Backend,
  documents: ContentsRequest['documents'],
): Promise<readonly string[]> {
  const collection = backend.documents.collection(COMMITS)
  const keysOf = new Map<number, string[]>()
  for (const [key, streamId] of documents) {
    const partition = partitionOf(streamId, backend.store.partitions)
    const keys = keysOf.get(partition)
    if (keys === undefined) keysOf.set(partition, [key])
    else keys.push(key)
  }
  const found: string[] = []
  for (const [partition, keys] of keysOf) {
    for (let start = 0; start < keys.length; start += 500) {
      const page = await collection.getMany(keys.slice(start, start + 500), { partition })
      for (const document of page) if (document !== undefined) found.push(document.key)
    }
  }
  return found
}

/** What handlers counted, by group and stream. */
export async function readCounted(
  backend: Backend,
  groups: readonly string[],
  streamIds: readonly string[],
): Promise<Record<string, Record<string, Amounts>>> {
  const counted: Record<string, Record<string, Amounts>> = {}
  for (const group of groups) {
    const documents = await backend.documents.collection<Amounts>(AMOUNTS + group).getMany(streamIds)
    counted[group] = Object.fromEntries(
      documents.flatMap((document) => (document === undefined ? [] : [[document.key, document.value]])),
    )
  }
  return counted
}
