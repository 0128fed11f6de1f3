import type { Position } from './position.ts'
import type { StreamId } from './stream-id.ts'

/** What JSON can hold. Bytes are a `Uint8Array` and stand alone as an event's whole `data`. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

/** Keys that start with `$` are reserved; all others are the user's. */
export interface EventMetadata {
  /** Names the business transaction that this event belongs to. */
  readonly correlationId?: string
  /** Names the event or command that led to this one. */
  readonly causationId?: string
  readonly [key: string]: unknown
}

/** An event as the user gives it. */
export interface NewEvent<Type extends string = string, Data = unknown> {
  /** Past tense, 1 to 255 bytes: `MoneyDeposited`. */
  readonly type: Type
  /** JSON, or a `Uint8Array`. */
  readonly data: Data
  /** A UUID; a UUIDv7 is made when absent. Give it to make a repeated append recognisable. */
  readonly id?: string
  readonly metadata?: EventMetadata
  /** Of the type's schema, from 1. Default 1. */
  readonly schemaVersion?: number
  /** When it happened in the world: ISO 8601 or a `Date`. The store's own clock gives `timestamp`. */
  readonly occurredAt?: string | Date
  readonly tags?: readonly string[]
  /** Only for bytes. Default `application/octet-stream`. */
  readonly contentType?: string
}

/** Where an event was recorded before a relay brought it into a log. */
export interface EventOrigin {
  /** Place in the feed of the store that it was appended to. */
  readonly position: Position
  /** Its version in the stream it was appended to; absent where the relay mapped it to another stream. */
  readonly streamPosition?: number | undefined
}

/**
 * An event as it was stored: the envelope.
 *
 * `data`, `metadata` and what derives from them are decoded when first read. They are accessors, so a
 * spread (`{ ...event }`) does not copy them: use {@link RecordedEvent.toJSON} for a plain object.
 */
export interface RecordedEvent<Type extends string = string, Data = unknown> {
  readonly id: string
  readonly type: Type
  readonly schemaVersion: number
  readonly streamId: StreamId
  /** 1, 2, 3 … without gaps; in a native stream a rising number, or what the event had where it came from. */
  readonly streamPosition: number
  /** Place in the feed. */
  readonly position: Position
  /** Where a relay took it from; `undefined` for what was appended or published here. */
  readonly origin: EventOrigin | undefined
  /** ISO 8601 in UTC, of the store's clock. Informational: never an order. */
  readonly timestamp: string
  readonly occurredAt: string | undefined
  readonly tags: readonly string[]
  readonly contentType: string | undefined
  readonly data: Data
  readonly metadata: EventMetadata
  /** A plain object of all fields; absent optional fields stay absent. Bytes become base64. */
  toJSON(): PlainEvent<Type, Data>
}

/** A {@link RecordedEvent} as a plain object. */
export interface PlainEvent<Type extends string = string, Data = unknown> {
  readonly id: string
  readonly type: Type
  readonly schemaVersion: number
  readonly streamId: string
  readonly streamPosition: number
  readonly position: Position
  readonly origin?: EventOrigin
  readonly timestamp: string
  readonly occurredAt?: string
  readonly tags?: readonly string[]
  readonly contentType?: string
  readonly data: Data
  readonly metadata: EventMetadata
}
