import {
  comparePositions,
  type ContractShape,
  type EventStore,
  type HandlerMap,
  invalidArgument,
  parsePosition,
  type RecordedEvent,
} from '@eventspine/core'
import { type AsOf, Horizon } from './as-of.ts'
import { LIVE_CONTEXT } from './live-context.ts'
import type { ProjectedEvent, Projection } from './projection.ts'
import { truncated } from './stream-fold.ts'

export interface ProjectOptions {
  /** The streams to fold. Default: all of the store, which are then in memory at once. */
  readonly streams?: readonly string[] | undefined
  /** As of a version of the one stream, or of a time by the store's clock. Default: now. */
  readonly at?: AsOf | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * A live projection: folds events into documents on demand, and stores nothing. It gives what an async run would
 * have written of these streams, by key.
 *
 * Streams of one partition are taken in the order of the feed, partitions one after the other, since there is no
 * order between them.
 *
 * @throws {@link EventStoreError} `POSITION_EXPIRED`: one of `streams` was truncated, so what it led to cannot be
 *   told; `SCHEMA_MISMATCH`: it holds an event in a version that the contract does not know. Else as of a read.
 */
export async function project<State, Contract extends ContractShape>(
  store: Pick<EventStore, 'read' | 'feed' | 'partitions'>,
  projection: Projection<State, Contract>,
  options: ProjectOptions = {},
): Promise<ReadonlyMap<string, State>> {
  const { streams, at } = options
  if (typeof at === 'number' && streams?.length !== 1)
    throw invalidArgument('at', 'a version needs exactly one of streams')
  const live = new LiveDocuments(projection)
  for await (const event of streams === undefined
    ? allEvents(store, options)
    : eventsOf(store, streams, options)) {
    await live.apply(event)
  }
  return live.documents
}

/** The documents of a projection, in memory. */
class LiveDocuments<State, Contract extends ContractShape> {
  readonly documents = new Map<string, State>()
  readonly #maps: readonly HandlerMap[]

  constructor(projection: Projection<State, Contract>) {
    this.#maps = projection.handlers<unknown>((event: ProjectedEvent<Contract>) => {
      const key = projection.key(event)
      if (key === undefined) return
      const next = projection.next(this.documents.get(key), event)
      if (next === undefined) this.documents.delete(key)
      else this.documents.set(key, next)
    })
  }

  /** Takes an event in the form that the contracts say; others pass by. */
  async apply(event: RecordedEvent): Promise<void> {
    for (const { types, handle } of this.#maps) {
      if (types === 'all' || types.includes(event.type)) await handle(event, LIVE_CONTEXT)
    }
  }
}

async function* allEvents(
  store: Pick<EventStore, 'feed' | 'partitions'>,
  { at, signal }: ProjectOptions,
): AsyncGenerator<RecordedEvent> {
  for (let partition = 0; partition < store.partitions; partition++) {
    const ended = new Set<string>()
    const horizon = new Horizon(at, 'at')
    for await (const page of store.feed({ partition, signal }).pages()) {
      for (const event of page) {
        if (horizon.isBefore(event)) ended.add(event.streamId)
        if (!ended.has(event.streamId)) yield event
      }
    }
  }
}

async function* eventsOf(
  store: Pick<EventStore, 'read'>,
  streams: readonly string[],
  options: ProjectOptions,
): AsyncGenerator<RecordedEvent> {
  const cursors = await Promise.all(
    [...new Set(streams)].map((streamId) => Cursor.open(store, streamId, options)),
  )
  let open = cursors.filter(({ event }) => event !== undefined)
  while (open.length > 0) {
    const first = open.reduce((best, cursor) => (isBefore(cursor.event, best.event) ? cursor : best))
    if (first.event !== undefined) yield first.event
    await first.next()
    if (first.event === undefined) open = open.filter((cursor) => cursor !== first)
  }
}

function isBefore(a: RecordedEvent | undefined, b: RecordedEvent | undefined): boolean {
  if (a === undefined || b === undefined) return false
  const [left, right] = [parsePosition(a.position), parsePosition(b.position)]
  return left.partition === right.partition
    ? comparePositions(a.position, b.position) < 0
    : left.partition < right.partition
}

/** A stream as far as it was read. */
class Cursor {
  event: RecordedEvent | undefined
  readonly #events: AsyncIterator<RecordedEvent>
  readonly #horizon: Horizon
  #version = 0

  private constructor(events: AsyncIterator<RecordedEvent>, horizon: Horizon) {
    this.#events = events
    this.#horizon = horizon
  }

  static async open(
    store: Pick<EventStore, 'read'>,
    streamId: string,
    { at, signal }: ProjectOptions,
  ): Promise<Cursor> {
    const horizon = new Horizon(at, 'at')
    const read = store.read(streamId, { to: horizon.to, signal })
    const cursor = new Cursor(read[Symbol.asyncIterator](), horizon)
    await cursor.next()
    return cursor
  }

  async next(): Promise<void> {
    const { value, done } = await this.#events.next()
    this.event = done === true || this.#horizon.isBefore(value) ? undefined : value
    if (this.event === undefined) {
      await this.#events.return?.()
      return
    }
    if (this.event.streamPosition !== this.#version + 1)
      throw truncated(this.event.streamId, this.event.streamPosition)
    this.#version++
  }
}
