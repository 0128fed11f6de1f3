import { inspect } from 'node:util'
import type { EventMetadata, EventOrigin, PlainEvent, RecordedEvent } from '../event.ts'
import type { Position } from '../position.ts'
import type { StreamId } from '../stream-id.ts'

/** A recorded event with other `data`; everything else is read from the event that was stored. */
export class EventView implements RecordedEvent {
  readonly data: unknown
  readonly #recorded: RecordedEvent

  constructor(recorded: RecordedEvent, data: unknown) {
    this.#recorded = recorded
    this.data = data
  }

  get id(): string {
    return this.#recorded.id
  }

  get type(): string {
    return this.#recorded.type
  }

  get schemaVersion(): number {
    return this.#recorded.schemaVersion
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
    const { data } = this
    return {
      ...this.#recorded.toJSON(),
      data: data instanceof Uint8Array ? Buffer.from(data).toString('base64') : data,
    }
  }

  [inspect.custom](): unknown {
    return this.toJSON()
  }
}
