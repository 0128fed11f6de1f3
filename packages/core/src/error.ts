/**
 * Every failure that Eventspine names. A code is stable within a major version; the message is not.
 * `docs/errors.md` has a section for each: when it happens, what was written, what to do.
 */
export type EventStoreErrorCode =
  | 'INVALID_ARGUMENT'
  | 'LIMIT_EXCEEDED'
  | 'SCHEMA_MISMATCH'
  | 'VERSION_CONFLICT'
  | 'ID_REUSED'
  | 'STREAM_DELETED'
  | 'PARTITION_SEALED'
  | 'REVISION_CONFLICT'
  | 'BUSY'
  | 'NOT_SUPPORTED'
  | 'FEED_DIVERGED'
  | 'POSITION_EXPIRED'
  | 'STORE_MISSING'
  | 'STORE_INCOMPATIBLE'
  | 'STORE_IN_USE'
  | 'PAYLOAD_MISSING'
  | 'ACCESS_DENIED'
  | 'BACKEND_UNAVAILABLE'
  | 'BACKEND_FAILED'
  | 'OUTCOME_UNKNOWN'
  | 'LEASE_LOST'
  | 'CONSUMER_STOPPED'
  | 'ABORTED'
  | 'CLOSED'
  | 'TIMEOUT'

/** Whether the write of the failed call may have happened. A failed read is always `not-applied`. */
export type Outcome = 'not-applied' | 'unknown'

/** What an {@link EventStoreError} is made of, besides its code and message. */
export interface EventStoreErrorOptions {
  /** `true`: the same call, unchanged, may succeed later. Default `false`. */
  readonly retryable?: boolean
  /** Default `not-applied`. */
  readonly outcome?: Outcome
  /** The argument at fault, as a path from the call's arguments: `events[2].data.amount`. */
  readonly field?: string
  readonly cause?: unknown
}

const BRAND = Symbol.for('@eventspine/core/EventStoreError')

/**
 * The one error class of Eventspine: `code` says what, `outcome` whether a write may have happened,
 * `retryable` whether the same call may succeed unchanged.
 *
 * Messages carry ids, versions and paths, never payloads or secrets.
 */
export class EventStoreError<Code extends EventStoreErrorCode = EventStoreErrorCode> extends Error {
  override readonly name: string = 'EventStoreError'
  readonly code: Code
  readonly retryable: boolean
  readonly outcome: Outcome
  readonly field: string | undefined

  constructor(code: Code, message: string, options: EventStoreErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.outcome = options.outcome ?? 'not-applied'
    this.field = options.field
    // Two copies of this package in one process must still recognise each other's errors.
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** Recognises errors of every copy of this package; with `code`, only errors of that code. */
  static is<Code extends EventStoreErrorCode = EventStoreErrorCode>(
    error: unknown,
    code?: Code,
  ): error is ErrorOfCode<Code> {
    if (typeof error !== 'object' || error === null || !(BRAND in error)) return false
    return code === undefined || ('code' in error && error.code === code)
  }
}

/** What an append expects of a stream: anything, that it does not exist, that it exists, or an exact version. */
export type ExpectedVersion = 'any' | 'none' | 'exists' | number

/** Thrown when a stream is not at the version that an append expected; nothing was written. */
export class VersionConflictError extends EventStoreError<'VERSION_CONFLICT'> {
  override readonly name: string = 'VersionConflictError'
  readonly streamId: string
  readonly expectedVersion: ExpectedVersion
  /** The stream's version when the append was decided; `undefined` when the backend cannot tell. */
  readonly actualVersion: number | undefined

  constructor(streamId: string, expectedVersion: ExpectedVersion, actualVersion: number | undefined) {
    super(
      'VERSION_CONFLICT',
      `stream ${JSON.stringify(streamId)} is at version ${actualVersion ?? 'unknown'}, expected ${expectedVersion}`,
    )
    this.streamId = streamId
    this.expectedVersion = expectedVersion
    this.actualVersion = actualVersion
  }
}

/** Thrown when a document is not at the revision that a write expected; nothing of the batch was written. */
export class RevisionConflictError extends EventStoreError<'REVISION_CONFLICT'> {
  override readonly name: string = 'RevisionConflictError'
  readonly collection: string
  readonly key: string

  constructor(collection: string, key: string) {
    super(
      'REVISION_CONFLICT',
      `document ${JSON.stringify(key)} of collection ${JSON.stringify(collection)} is not at the expected revision`,
    )
    this.collection = collection
    this.key = key
  }
}

/** Maps a code to the class that carries its data, so that `EventStoreError.is(error, code)` narrows. */
export type ErrorOfCode<Code extends EventStoreErrorCode> = Code extends 'VERSION_CONFLICT'
  ? VersionConflictError
  : Code extends 'REVISION_CONFLICT'
    ? RevisionConflictError
    : EventStoreError<Code>

/** A bad argument, found before any I/O. */
export function invalidArgument(field: string, message: string): EventStoreError<'INVALID_ARGUMENT'> {
  return new EventStoreError('INVALID_ARGUMENT', `${field}: ${message}`, { field })
}

/** A verb or option that this backend declares it has not; nothing was tried. */
export function notSupported(message: string): EventStoreError<'NOT_SUPPORTED'> {
  return new EventStoreError('NOT_SUPPORTED', message)
}

/** The verdict on an append to a deleted stream; for adapters. */
export function streamDeleted(streamId: string, version: number): EventStoreError<'STREAM_DELETED'> {
  return new EventStoreError(
    'STREAM_DELETED',
    `stream ${JSON.stringify(streamId)} is deleted; an append at exactly version ${version} reopens it`,
    { field: 'streamId' },
  )
}
