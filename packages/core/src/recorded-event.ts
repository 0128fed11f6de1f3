import { inspect } from 'node:util'
import type { StoredEvent } from './adapter.ts'
import { CONTENT_TYPE, decodeData, OCCURRED_AT, TAGS } from './encode-event.ts'
import type { EventMetadata, EventOrigin, PlainEvent, RecordedEvent } from './event.ts'
import { eventCheck, formatPosition, type Position } from './position.ts'
import type { StreamId } from './stream-id.ts'

const NOT_READ = Symbol('not read')

/** A view over a stored row: bodies, position and time are decoded when first read, most never are. */
class LazyEvent implements RecordedEvent {
  readonly id: string
  readonly type: string
  readonly streamId: StreamId
  readonly streamPosition: number
  readonly schemaVersion: number
  readonly #stored: StoredEvent
  readonly #incarnation: string
  #data: unknown = NOT_READ
  #metadata: Record<string, unknown> | undefined = undefined

  constructor(
    stored: StoredEvent,
    incarnation: string,
    streamId: string = stored.streamId,
    streamPosition: number = stored.version,
  ) {
    this.id = stored.id
    this.type = stored.type
    this.streamId = streamId
    this.streamPosition = streamPosition
    this.schemaVersion = stored.schemaVersion
    this.#stored = stored
    this.#incarnation = incarnation
  }

  get data(): unknown {
    if (this.#data === NOT_READ) this.#data = decodeData(this.#stored.data, this.#stored.codec)
    return this.#data
  }

  get metadata(): EventMetadata {
    const all = this.#allMetadata()
    for (const key in all) {
      // Only then a copy without the envelope's own keys is needed.
      if (key.startsWith('$'))
        return Object.fromEntries(Object.entries(all).filter(([name]) => !name.startsWith('$')))
    }
    return all
  }

  get occurredAt(): string | undefined {
    return this.#allMetadata()[OCCURRED_AT] as string | undefined
  }

  get tags(): readonly string[] {
    return (this.#allMetadata()[TAGS] as readonly string[] | undefined) ?? []
  }

  get contentType(): string | undefined {
    return this.#allMetadata()[CONTENT_TYPE] as string | undefined
  }

  get position(): Position {
    const { partition, sequence } = this.#stored
    return formatPosition(this.#incarnation, partition, { sequence, check: eventCheck(this.id) })
  }

  get origin(): EventOrigin | undefined {
    return this.#stored.origin
  }

  get timestamp(): string {
    return new Date(this.#stored.timestampMs).toISOString()
  }

  /** The same event under the stream id and position that its publisher or source knows. */
  known(streamId: string, streamPosition: number): LazyEvent {
    return new LazyEvent(this.#stored, this.#incarnation, streamId, streamPosition)
  }

  get stored(): StoredEvent {
    return this.#stored
  }

  toJSON(): PlainEvent {
    return this.#plain(this.data)
  }

  /** Whoever prints an event looks for what is wrong: data that cannot be had shows as the reason why. */
  [inspect.custom](): unknown {
    return this.#plain(this.#dataOrError())
  }

  #dataOrError(): unknown {
    try {
      return this.data
    } catch (error) {
      return error
    }
  }

  #plain(data: unknown): PlainEvent {
    const { occurredAt, contentType, tags, origin } = this
    return {
      id: this.id,
      type: this.type,
      schemaVersion: this.schemaVersion,
      streamId: this.streamId,
      streamPosition: this.streamPosition,
      position: this.position,
      ...(origin === undefined ? {} : { origin }),
      timestamp: this.timestamp,
      ...(occurredAt === undefined ? {} : { occurredAt }),
      ...(tags.length === 0 ? {} : { tags }),
      ...(contentType === undefined ? {} : { contentType }),
      data: data instanceof Uint8Array ? Buffer.from(data).toString('base64') : data,
      metadata: this.metadata,
    }
  }

  #allMetadata(): Record<string, unknown> {
    this.#metadata ??= JSON.parse(this.#stored.metadata) as Record<string, unknown>
    return this.#metadata
  }
}

/**
 * The event as its publisher or source knows it: without the prefix under which a derived stream keeps it, and
 * with the version that it had where a relay took it from.
 */
export function asKnown(event: RecordedEvent, prefix: string): RecordedEvent {
  if (!(event instanceof LazyEvent)) return event
  if (event.streamId.startsWith(prefix))
    return event.known(event.streamId.slice(prefix.length), event.streamPosition)
  const streamPosition = event.origin?.streamPosition
  return streamPosition === undefined ? event : event.known(event.streamId, streamPosition)
}

/** What the adapter returned for this event, its bodies still encoded. */
export function storedEvent(event: RecordedEvent): StoredEvent {
  if (event instanceof LazyEvent) return event.stored
  throw new TypeError('the event was not read from a backend')
}

/** Wraps what an adapter returned. */
export function recordedEvents(stored: readonly StoredEvent[], incarnation: string): RecordedEvent[] {
  return stored.map((row) => new LazyEvent(row, incarnation))
}
