import {
  type EventMetadata,
  type NewEvent,
  notSupported,
  type PlainEvent,
  type Position,
  type RecordedEvent,
  type StreamId,
} from '@eventspine/core'

/**
 * An event that is about to be appended, in the shape of a recorded one: what only the store knows of it, its
 * position and its time, refuses to be read.
 */
export class PendingEvent implements RecordedEvent {
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  readonly streamId: StreamId
  readonly streamPosition: number
  readonly origin = undefined
  readonly data: unknown
  readonly metadata: EventMetadata
  readonly occurredAt: string | undefined
  readonly tags: readonly string[]
  readonly contentType: string | undefined

  constructor(event: NewEvent, streamId: string, streamPosition: number) {
    const {
      id = '',
      type,
      schemaVersion = 1,
      data,
      metadata = {},
      occurredAt,
      tags = [],
      contentType,
    } = event
    this.id = id
    this.type = type
    this.schemaVersion = schemaVersion
    this.streamId = streamId
    this.streamPosition = streamPosition
    // As it will be read: what evolves from it must not change with what its producer does to it.
    this.data = data instanceof Uint8Array ? data : structuredClone(data)
    this.metadata = metadata
    this.occurredAt = occurredAt instanceof Date ? occurredAt.toISOString() : occurredAt
    this.tags = tags
    this.contentType = contentType
  }

  get position(): Position {
    throw unknownYet('position')
  }

  get timestamp(): string {
    throw unknownYet('timestamp')
  }

  toJSON(): PlainEvent {
    throw unknownYet('position')
  }
}

function unknownYet(field: string): Error {
  return notSupported(`an inline projection runs before the event has a ${field}: run it async to use it`)
}
