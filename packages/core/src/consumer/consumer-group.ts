import { EventStoreError, invalidArgument } from '../error.ts'
import { type EventRead } from '../event-store.ts'
import { FEED_START, formatPosition, parsePosition } from '../position.ts'
import { uuidv7 } from '../uuid.ts'
import { type Checkpoint, CheckpointDocument, type Parked, type ParkRequest } from './checkpoint.ts'
import type { ConsumerBackend } from './run.ts'
import type { ConsumerGroup, ParkedStream, PartitionLag } from './subscription.ts'
import { checkName } from '../stream-id.ts'

const MAX_TRIES = 20

/** Works on the checkpoint documents alone, so it serves groups of other processes. */
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
    for (const { partition, checkpoint } of await readCheckpoints(this.#backend, this.name)) {
      for (const { streamId, firstPosition, streamPosition, attempts, error } of checkpoint?.parked ?? []) {
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
    for (let attempt = 1; ; attempt++) {
      const found = (await readCheckpoints(this.#backend, this.name)).find(({ checkpoint }) =>
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
  const found = await readCheckpoints(backend, group)
  return Promise.all(
    found.map(async ({ partition, checkpoint }) => {
      const position = checkpoint?.position ?? formatPosition(store.incarnation, partition, FEED_START)
      const head = parsePosition(await store.feedHead(partition)).sequence
      return {
        partition,
        events: Math.max(0, head - parsePosition(position).sequence),
        checkpoint: position,
        parkedStreams: checkpoint?.parked.length ?? 0,
        owned: (checkpoint?.owner ?? null) !== null,
      }
    }),
  )
}

interface FoundCheckpoint {
  readonly partition: number
  readonly document: CheckpointDocument
  readonly checkpoint: Checkpoint | undefined
  readonly revision: string
}

async function readCheckpoints(backend: ConsumerBackend, group: string): Promise<readonly FoundCheckpoint[]> {
  return Promise.all(
    Array.from({ length: backend.store.partitions }, async (_, partition) => {
      const document = new CheckpointDocument(backend, group, partition)
      const found = await document.get()
      return { partition, document, checkpoint: found?.value, revision: found?.revision ?? '' }
    }),
  )
}

function isParked(checkpoint: Checkpoint | undefined, streamId: string): boolean {
  return checkpoint?.parked.some((parked) => parked.streamId === streamId) ?? false
}
