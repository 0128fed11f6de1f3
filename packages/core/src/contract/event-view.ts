import { inspect } from 'node:util'
import type { EventMetadata, EventOrigin, PlainEvent, RecordedEvent } from '../event.ts'
import type { Position } from '../position.ts'
import type { StreamId } from '../stream-id.ts'

/** What an event is read as, where that is not what was stored. */
export interface EventReplacement {
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  readonly data: unknown
  /** See {@link placeInStream}. */
  readonly place: number
}

/** A recorded event with other contents; everything else is read from the event that was stored. */
export class EventView implements RecordedEvent {
  readonly id: string
  readonly type: string
  readonly schemaVersion: number
  readonly data: unknown
  readonly place: number
  readonly #recorded: RecordedEvent

  constructor(recorded: RecordedEvent, { id, type, schemaVersion, data, place }: EventReplacement) {
    this.#recorded = recorded
    this.id = id
    this.type = type
    this.schemaVersion = schemaVersion
    this.data = data
    this.place = place
  }

  get streamId(): StreamId {
    return this.#recorded.streamId
  }

  get streamPosition(): number {
    return this.#recorded.streamPosition
  }

  get position(): Position {
    return this.#recorded.position
  }

  get origin(): EventOrigin | undefined {
    return this.#recorded.origin
  }

  get timestamp(): string {
    return this.#recorded.timestamp
  }

  get occurredAt(): string | undefined {
    return this.#recorded.occurredAt
  }

  get tags(): readonly string[] {
    return this.#recorded.tags
  }

  get contentType(): string | undefined {
    return this.#recorded.contentType
  }

  get metadata(): EventMetadata {
    return this.#recorded.metadata
  }

  toJSON(): PlainEvent {
    const { id, type, schemaVersion, data } = this
    return {
      ...this.#recorded.toJSON(),
      id,
      type,
      schemaVersion,
      data: data instanceof Uint8Array ? Buffer.from(data).toString('base64') : data,
    }
  }

  [inspect.custom](): unknown {
    return this.toJSON()
  }
}

/**
 * Where an event stands in its stream, for whoever notes how far a stream was applied: its `streamPosition`. Of
 * the parts that a stored event is split into only the last has it; those before have fractions below it, rising
 * in order, so that no part is taken for one that was applied.
 */
export function placeInStream(event: RecordedEvent): number {
  return event instanceof EventView ? event.place : event.streamPosition
}
