import { invalidArgument } from './error.ts'

declare const CATEGORY: unique symbol

/** The name of a stream; made by a contract's `stream()`, it remembers its category in the type. */
export type StreamId<Category extends string = string> = string & { readonly [CATEGORY]?: Category }

/** The longest stream id, in UTF-8 bytes: short enough for every backend's keys with our prefixes. */
export const MAX_STREAM_ID_BYTES = 255

// Control characters break keys, logs and line-joined parameters; a lone surrogate has no UTF-8 form.
// oxlint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/u
const LONE_SURROGATE = /\p{Surrogate}/u
// `$` names the system's own streams, `@` is kept for a tenant (`@tenant/…`).
const RESERVED_START = /^[$@]/

/**
 * Checks a name that becomes part of a key: a string of 1 to `maxBytes` UTF-8 bytes without control
 * characters or lone surrogates.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` naming `field`.
 */
export function checkName(value: unknown, field: string, maxBytes: number): asserts value is string {
  if (typeof value !== 'string') throw invalidArgument(field, `must be a string, got ${typeof value}`)
  if (value === '') throw invalidArgument(field, 'must not be empty')
  if (CONTROL.test(value)) throw invalidArgument(field, 'must not hold control characters')
  if (LONE_SURROGATE.test(value)) throw invalidArgument(field, 'must not hold a lone surrogate')
  // A UTF-16 unit is at most 3 bytes of UTF-8, so the count is only needed near the limit.
  if (value.length * 3 > maxBytes && Buffer.byteLength(value) > maxBytes) {
    throw invalidArgument(
      field,
      `must be at most ${maxBytes} bytes of UTF-8, got ${Buffer.byteLength(value)}`,
    )
  }
}

/**
 * Checks a stream id given by a user.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT`: empty, over 255 bytes, with control characters or a
 *   lone surrogate, or starting with the reserved `$` or `@`.
 */
export function checkStreamId(value: unknown, field = 'streamId'): asserts value is StreamId {
  checkName(value, field, MAX_STREAM_ID_BYTES)
  if (RESERVED_START.test(value))
    throw invalidArgument(field, 'must not start with "$" or "@", which are reserved')
}

/** What stands before the first `:` of a stream id, or `undefined` for an id without one. */
export function categoryOf(streamId: string): string | undefined {
  const colon = streamId.indexOf(':')
  return colon > 0 ? streamId.slice(0, colon) : undefined
}
