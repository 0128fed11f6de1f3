import { EventStoreError, invalidArgument, notSupported } from '../error.ts'
import { type EventRead } from '../event-store.ts'
import { FEED_START, formatPosition, parsePosition, type Position } from '../position.ts'
import { uuidv7 } from '../uuid.ts'
import {
  type Checkpoint,
  CheckpointDocument,
  checkpointOwner,
  type CheckpointOwner,
  type Parked,
  type ParkRequest,
} from './checkpoint.ts'
import { parkedOf, positionOf } from './group-checkpoint.ts'
import type { ConsumerBackend } from './run.ts'
import type { ConsumerGroup, ParkedStream, PartitionLag } from './subscription.ts'
import { checkName } from '../stream-id.ts'

const MAX_TRIES = 20

/** Works on what groups keep alone, so it serves groups of other processes. */
export class StoredConsumerGroup implements ConsumerGroup {
  readonly name: string
  readonly #backend: ConsumerBackend

  constructor(backend: ConsumerBackend, name: string) {
    checkName(name, 'name', 100)
    this.#backend = backend
    this.name = name
  }

  lag(): Promise<readonly PartitionLag[]> {
    return groupLag(this.#backend, this.name)
  }

  async parked(): Promise<readonly ParkedStream[]> {
    const parked: ParkedStream[] = []
    for (const { partition, parked: entries } of await readPartitions(this.#backend, this.name)) {
      for (const { streamId, firstPosition, streamPosition, attempts, error } of entries) {
        parked.push({ streamId, partition, firstPosition, streamPosition, attempts, error })
      }
    }
    return parked
  }

  waiting(parked: ParkedStream): EventRead {
    return this.#backend.store.readFrom(parked.streamId, { from: parked.streamPosition })
  }

  replay(streamId: string): Promise<void> {
    return this.#request(streamId, 0)
  }

  skip(streamId: string): Promise<void> {
    return this.#request(streamId, 1)
  }

  async #request(streamId: string, passOver: 0 | 1): Promise<void> {
    const documents = checkpointOwner(this.#backend)
    if (documents === undefined) {
      throw notSupported(
        'without documents nobody can ask the owner of a partition for anything: give the backend documents of another one to replay or skip parked streams',
      )
    }
    for (let attempt = 1; ; attempt++) {
      const found = (await readDocuments(this.#backend, documents, this.name)).find(({ checkpoint }) =>
        isParked(checkpoint, streamId),
      )
      if (found?.checkpoint === undefined) throw invalidArgument('streamId', 'is not parked in this group')
      const { document, checkpoint, revision } = found
      const id = uuidv7()
      const parked = checkpoint.parked.map((entry): Parked => {
        const request: ParkRequest = { id, from: entry.streamPosition + passOver }
        return entry.streamId === streamId ? { ...entry, request } : entry
      })
      try {
        await document.put({ ...checkpoint, parked }, { revision })
        return
      } catch (error) {
        // The owner writes often; it keeps requests that it finds.
        if (!EventStoreError.is(error, 'REVISION_CONFLICT') || attempt >= MAX_TRIES) throw error
      }
    }
  }
}

export async function groupLag(backend: ConsumerBackend, group: string): Promise<readonly PartitionLag[]> {
  const { store } = backend
  const found = await readPartitions(backend, group)
  return Promise.all(
    found.map(async ({ partition, position: checkpoint, parked, owned }) => {
      const position = checkpoint ?? formatPosition(store.incarnation, partition, FEED_START)
      const head = parsePosition(await store.feedHead(partition)).sequence
      return {
        partition,
        events: Math.max(0, head - parsePosition(position).sequence),
        checkpoint: position,
        parkedStreams: parked.length,
        owned,
      }
    }),
  )
}

/** What the group has written of one partition. */
export async function readCheckpoint(
  backend: ConsumerBackend,
  group: string,
  partition: number,
): Promise<{ readonly position: Position } | undefined> {
  const documents = checkpointOwner(backend)
  if (documents !== undefined) return (await new CheckpointDocument(documents, group, partition).get())?.value
  const found = (await backend.adapter.groups?.doReadGroup(group))?.[partition]?.checkpoint
  return found === undefined ? undefined : { position: positionOf(found, partition) }
}

interface FoundPartition {
  readonly partition: number
  readonly position: Position | undefined
  readonly parked: readonly Omit<Parked, 'request'>[]
  readonly owned: boolean
}

async function readPartitions(backend: ConsumerBackend, group: string): Promise<readonly FoundPartition[]> {
  const documents = checkpointOwner(backend)
  if (documents !== undefined) {
    const found = await readDocuments(backend, documents, group)
    return found.map(({ partition, checkpoint }) => ({
      partition,
      position: checkpoint?.position,
      parked: checkpoint?.parked ?? [],
      owned: (checkpoint?.owner ?? null) !== null,
    }))
  }
  const found = (await backend.adapter.groups?.doReadGroup(group)) ?? []
  return found.map(({ checkpoint, owned }, partition) => ({
    partition,
    position: checkpoint === undefined ? undefined : positionOf(checkpoint, partition),
    parked: checkpoint === undefined ? [] : parkedOf(checkpoint, partition),
    owned,
  }))
}

interface FoundDocument {
  readonly partition: number
  readonly document: CheckpointDocument
  readonly checkpoint: Checkpoint | undefined
  readonly revision: string
}

async function readDocuments(
  backend: ConsumerBackend,
  documents: CheckpointOwner,
  group: string,
): Promise<readonly FoundDocument[]> {
  return Promise.all(
    Array.from({ length: backend.store.partitions }, async (_, partition) => {
      const document = new CheckpointDocument(documents, group, partition)
      const found = await document.get()
      return { partition, document, checkpoint: found?.value, revision: found?.revision ?? '' }
    }),
  )
}

function isParked(checkpoint: Checkpoint | undefined, streamId: string): boolean {
  return checkpoint?.parked.some((parked) => parked.streamId === streamId) ?? false
}
