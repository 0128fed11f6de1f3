import type { EventMetadata, NewEvent, PlainEvent, Position, RecordedEvent, StreamId } from '@eventspine/core'
import { frozen } from './frozen.ts'

/** When specifications happen, by the clock of their store. */
export const GIVEN_MS = Date.UTC(2030, 0, 1)

/** A new event as if it had been stored, at a place that depends on nothing but the specification. */
export class GivenEvent implements RecordedEvent {
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  readonly streamId: StreamId
  readonly streamPosition: number
  readonly position: Position
  readonly origin = undefined
  readonly timestamp: string
  readonly occurredAt: string | undefined
  readonly tags: readonly string[]
  readonly contentType: string | undefined
  readonly data: unknown
  readonly metadata: EventMetadata

  /** @param sequence - among all events of the specification, from 1. */
  constructor(event: NewEvent, streamId: StreamId, streamPosition: number, sequence: number) {
    const hex = sequence.toString(16)
    this.id = event.id ?? `00000000-0000-7000-8000-${hex.padStart(12, '0')}`
    this.type = event.type
    this.schemaVersion = event.schemaVersion ?? 1
    this.streamId = streamId
    this.streamPosition = streamPosition
    this.position = `0000000000000000.0.${sequence}.${hex.padStart(8, '0')}`
    this.timestamp = new Date(GIVEN_MS + sequence * 1000).toISOString()
    const { occurredAt } = event
    this.occurredAt = occurredAt instanceof Date ? occurredAt.toISOString() : occurredAt
    this.tags = event.tags ?? []
    this.contentType = event.contentType
    this.data = asStored(event.data)
    this.metadata = frozen({ ...event.metadata })
  }

  toJSON(): PlainEvent {
    const { id, type, schemaVersion, streamId, streamPosition, position, timestamp, data, metadata } = this
    const { occurredAt, tags, contentType } = this
    return {
      id,
      type,
      schemaVersion,
      streamId,
      streamPosition,
      position,
      timestamp,
      ...(occurredAt === undefined ? {} : { occurredAt }),
      ...(tags.length === 0 ? {} : { tags }),
      ...(contentType === undefined ? {} : { contentType }),
      data: data instanceof Uint8Array ? Buffer.from(data).toString('base64') : data,
      metadata,
    }
  }
}

/** What a store gives back: JSON, or bytes. */
export function asStored(data: unknown): unknown {
  if (data === undefined || data instanceof Uint8Array) return data
  return frozen(JSON.parse(JSON.stringify(data)) as unknown)
}
