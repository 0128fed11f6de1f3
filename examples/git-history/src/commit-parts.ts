import { type CommitRequest, type CommitStream, type EventStore, partitionOf } from '@eventspine/core'

interface Part {
  readonly streams: CommitStream[]
  events: number
  bytes: number
}

/**
 * Cuts the events of one git commit into as few atomic commits as the backend allows. With
 * `multiStreamAppend: 'store'` that is one, with `partition` one a partition, with `none` one a stream; more when
 * its limits are passed, as the first commit of a large repository does.
 *
 * The cuts depend on nothing but the history and the backend's manifest, so that a run that goes on after a
 * kill asks for the same commits again. The branch's event is in the last one.
 */
export class CommitParts {
  readonly #store: EventStore
  readonly #branchPartition: number
  readonly #open = new Map<number, Part>()

  constructor(store: EventStore, branchStream: string) {
    this.#store = store
    this.#branchPartition = partitionOf(branchStream, store.partitions)
  }

  /** Takes an event's stream in. Returns a part that is full and can be sent. */
  add(stream: CommitStream, bytes: number): CommitRequest | undefined {
    const { multiStreamAppend } = this.#store.capabilities
    if (multiStreamAppend === 'none') return { streams: [stream] }
    const key = this.#keyOf(partitionOf(stream.streamId, this.#store.partitions))
    const part = this.#open.get(key)
    if (part !== undefined && this.#fits(part, bytes)) {
      put(part, stream, bytes)
      return undefined
    }
    this.#open.set(key, put({ streams: [], events: 0, bytes: 0 }, stream, bytes))
    return part
  }

  /** Ends the git commit: the parts still to send, and the last one, which waits for all others. */
  end(
    branch: CommitStream,
    bytes: number,
  ): { readonly parts: readonly CommitRequest[]; readonly last: CommitRequest } {
    const key = this.#keyOf(this.#branchPartition)
    const own = this.#open.get(key)
    const joins = own !== undefined && this.#fits(own, bytes)
    if (joins) this.#open.delete(key)
    const parts = Array.from(this.#open.values(), ({ streams }) => ({ streams }))
    this.#open.clear()
    return { parts, last: { streams: joins ? [...own.streams, branch] : [branch] } }
  }

  #keyOf(partition: number): number {
    return this.#store.capabilities.multiStreamAppend === 'store' ? 0 : partition
  }

  #fits(part: Part, bytes: number): boolean {
    const { maxAppendEvents, maxAppendStreams, maxAppendBytes } = this.#store.capabilities
    return (
      part.events < maxAppendEvents &&
      part.streams.length < maxAppendStreams &&
      part.bytes + bytes <= maxAppendBytes
    )
  }
}

function put(part: Part, stream: CommitStream, bytes: number): Part {
  part.streams.push(stream)
  part.events += stream.events.length
  part.bytes += bytes
  return part
}
