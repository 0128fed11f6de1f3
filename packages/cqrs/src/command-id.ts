import { invalidArgument } from '@eventspine/core'
import { v5 } from 'uuid'

/** The UUIDv5 namespace of event ids that are derived from commands; made for this and used for nothing else. */
const NAMESPACE = '6f3c1d0e-5d0b-4a41-9f0a-6f0f2b7a9c55'
const MAX_COMMAND_ID_BYTES = 255
// A line break separates the parts of the name that is hashed; a lone surrogate has no UTF-8 form.
// oxlint-disable-next-line no-control-regex
const NOT_ALLOWED = /[\u0000-\u001f\u007f-\u009f]|\p{Surrogate}/u

/** @throws {@link EventStoreError} `INVALID_ARGUMENT`: empty, over 255 bytes, control characters, a lone surrogate. */
export function checkCommandId(value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalidArgument('id', `must be a string, got ${typeof value}`)
  if (value === '') throw invalidArgument('id', 'must not be empty')
  if (NOT_ALLOWED.test(value))
    throw invalidArgument('id', 'must not hold control characters or a lone surrogate')
  if (Buffer.byteLength(value) > MAX_COMMAND_ID_BYTES) {
    throw invalidArgument('id', `must be at most ${MAX_COMMAND_ID_BYTES} bytes of UTF-8`)
  }
}

/**
 * The id of the event at `index` (from 0) that a command leads to in a stream: a UUIDv5, so that the same
 * command always gives the same ids. Streams have ids of their own, since one command may concern several.
 */
export function eventIdOf(streamId: string, commandId: string, index: number): string {
  return v5(`${streamId}\n${commandId}\n${index}`, NAMESPACE)
}
