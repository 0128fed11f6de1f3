import {
  comparePositions,
  type Backend,
  type NewEvent,
  type Position,
  type RecordedEvent,
  type Token,
} from '@eventspine/core'
import type { TestBackend } from './kit.ts'

/** Events for one stream of a {@link Source}. */
export interface SourceStream {
  readonly streamId: string
  readonly events: readonly NewEvent[]
}

/**
 * Where the events of a case come from: appended to the store where there is one, published where the stream is
 * a log of its own. Consumers cannot tell.
 */
export class Source {
  readonly #test: Pick<TestBackend, 'backend'>
  /** Of a log, which says it to nobody but those who publish and subscribe. */
  readonly #heads = new Map<number, Position>()

  /** @param test - whose `backend` of the moment is written to. */
  constructor(test: Pick<TestBackend, 'backend'>) {
    this.#test = test
  }

  append(streamId: string, events: readonly NewEvent[]): Promise<{ readonly token: Token }> {
    return this.appendAll([{ streamId, events }])
  }

  /** In one call. */
  async appendAll(streams: readonly SourceStream[]): Promise<{ readonly token: Token }> {
    const { backend } = this.#test
    if (backend.capabilities.store) return backend.store.commit({ streams, lockTimeoutMs: 60_000 })
    const published = await backend.stream.publish(
      streams.flatMap(({ streamId, events }) => events.map((event) => ({ ...event, streamId }))),
    )
    for (const position of published.token.split(',')) this.#rise(position)
    return published
  }

  /** All events of a stream, in order. */
  read(streamId: string): Promise<readonly RecordedEvent[]> {
    const { backend } = this.#test
    if (backend.capabilities.store) return backend.store.read(streamId).toArray()
    return readFromLog(backend, streamId)
  }

  /** Behind everything that was appended to a partition. */
  async head(partition = 0): Promise<Position> {
    const { backend } = this.#test
    if (backend.capabilities.store) return backend.store.feedHead(partition)
    const head = this.#heads.get(partition)
    if (head === undefined) throw new Error(`nothing was published to partition ${partition}`)
    return head
  }

  /** Behind everything that was published, in every partition that holds something. */
  async heads(): Promise<Token> {
    const { backend } = this.#test
    if (!backend.capabilities.store) return [...this.#heads.values()].join(',')
    const partitions = Array.from({ length: backend.store.partitions }, (_, partition) => partition)
    return (await Promise.all(partitions.map((partition) => backend.store.feedHead(partition)))).join(',')
  }

  #rise(position: Position): void {
    const partition = Number(position.split('.')[1])
    const head = this.#heads.get(partition)
    if (head === undefined || comparePositions(head, position) < 0) this.#heads.set(partition, position)
  }
}

/** What is in a log of one stream: what would wait there if the stream were parked at its first event. */
function readFromLog(backend: Backend, streamId: string): Promise<readonly RecordedEvent[]> {
  return backend.stream
    .group('reading')
    .waiting({ streamId, partition: 0, firstPosition: '', streamPosition: 1, attempts: 0, error: '' })
    .toArray()
}
