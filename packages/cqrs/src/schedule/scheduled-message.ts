import { type DocumentStore, EventStoreError, invalidArgument } from '@eventspine/core'

/** A message that waits for its time. */
export interface ScheduledMessage<Message = unknown> {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly dueAtMs: number
  readonly message: Message
  /** Deliveries begun so far. */
  readonly attempts: number
  /** Name and message of what the last delivery threw. */
  readonly error: string | undefined
}

/** What became of a message that was to be cancelled. */
export type Cancellation =
  /** It was never given to anybody and will not be. */
  | 'cancelled'
  /** A delivery had begun, and may have its effect; there will be no further one. */
  | 'begun'
  | 'delivered'
  /** There is none of this id, or it was settled so long ago that it is forgotten. */
  | 'missing'

/**
 * A message as it is stored, under its id. It is only ever replaced at the revision that was read, so this
 * one document decides what becomes of it.
 */
export interface StoredMessage<Message> {
  readonly format: 1
  readonly status: 'pending' | 'delivered' | 'cancelled'
  readonly dueAtMs: number
  /** When the next delivery is tried: at its due time, later after a failure. An entry of this time leads to it. */
  readonly tryAtMs: number
  /** Absent once it is settled: what stays behind only tells that the id was used. */
  readonly message?: Message
  readonly attempts: number
  readonly error?: string
  /** Who delivers it right now; unique to a run. */
  readonly owner: string | null
  /** How long the owner may be silent before another may take over. */
  readonly leaseMs: number
  /** Rises with every write, so that a write whose reply was lost can be recognised. */
  readonly beat: number
}

/** `undefined` where the document is not what this version of the package can read. */
export function checkFormat<Message>(id: string, stored: StoredMessage<Message>): StoredMessage<Message> {
  if (stored.format === 1) return stored
  throw new EventStoreError(
    'STORE_INCOMPATIBLE',
    `scheduled message ${JSON.stringify(id)} has an unknown format`,
  )
}

/** Collections of a schedule: messages by id, and a listed entry for each that waits, by time. */
export function collectionsOf(name: string): { readonly messages: string; readonly entries: string } {
  return { messages: `schedule:${name}`, entries: `schedule:${name}:due` }
}

const TIME_DIGITS = 16
/** The greatest time of a `Date`. */
const MAX_TIME_MS = 8.64e15

/** Keys of entries are in the order of their times. */
export function entryKey(tryAtMs: number, id: string): string {
  return `${String(tryAtMs).padStart(TIME_DIGITS, '0')}:${id}`
}

export function parseEntryKey(key: string): { readonly tryAtMs: number; readonly id: string } {
  return { tryAtMs: Number(key.slice(0, TIME_DIGITS)), id: key.slice(TIME_DIGITS + 1) }
}

const NAME = /^[\w.@-]{1,80}$/

/** @throws {@link EventStoreError} `INVALID_ARGUMENT`. */
export function checkScheduleName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw invalidArgument('name', 'must be 1 to 80 letters, digits, "-", "_", "@" or "."')
  }
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT`: empty, or too long to stand in a key behind a time. */
export function checkMessageId(id: unknown, { capabilities }: DocumentStore): asserts id is string {
  if (typeof id !== 'string' || id === '') throw invalidArgument('id', 'must be a string that is not empty')
  const limit = capabilities.maxKeyBytes - TIME_DIGITS - 1
  if (Buffer.byteLength(id) > limit) throw invalidArgument('id', `must be at most ${limit} bytes of UTF-8`)
}

/** Whole milliseconds: a fraction is rounded up, so that nothing is early. */
export function checkTime(time: Date | number, field: string): number {
  const ms = Math.ceil(Number(time))
  if (!(ms >= 0 && ms <= MAX_TIME_MS)) {
    throw invalidArgument(field, 'must be a Date, or milliseconds since the epoch from 0')
  }
  return ms
}
