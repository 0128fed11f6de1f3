import { type CommitOutcome, EventStoreError, type StreamAppend } from '@eventspine/core'
import type { RedisArgument } from './client.ts'
import { packEvents } from './codec.ts'
import {
  answerGone,
  expectedVersion,
  partitionSealed,
  type ScriptCall,
  versionRefused,
} from './commit-call.ts'
import type { PartitionKeys } from './keys.ts'
import { type GuardedCall, KEEP_ANSWERS_MS } from './resend-guard.ts'

/** Bytes of events that one call takes, apart from its last commit: everybody else waits for a script to end. */
const CALL_CHARACTERS = 1024 * 1024

/** A commit of one stream, packed. */
export interface PackedAppend {
  readonly append: StreamAppend
  readonly packed: string
}

/** Packs appends and splits them where one call would hold up others for too long. */
export function packAppends(appends: readonly StreamAppend[]): readonly (readonly PackedAppend[])[] {
  const calls: PackedAppend[][] = []
  let characters = Infinity
  for (const append of appends) {
    const packed = packEvents(append.events)
    if (characters > CALL_CHARACTERS) {
      calls.push([])
      characters = 0
    }
    calls.at(-1)?.push({ append, packed })
    characters += packed.length
  }
  return calls
}

/** Keys and arguments of `appendScript`. */
export function appendCall(
  appends: readonly PackedAppend[],
  keys: PartitionKeys,
  options: {
    readonly bodyInFeed: boolean
    readonly client: string
    readonly guarded: GuardedCall | undefined
  },
): ScriptCall {
  const { bodyInFeed, client, guarded } = options
  const names = [keys.heads, keys.sequence, keys.feed, keys.answers(client)]
  const args: RedisArgument[] = [
    guarded?.slot ?? '',
    guarded?.number ?? 0,
    KEEP_ANSWERS_MS,
    bodyInFeed ? '1' : '',
  ]
  for (const { append, packed } of appends) {
    names.push(keys.stream(append.streamId))
    args.push(append.streamId, expectedVersion(append.expectedVersion), append.events.length, packed)
  }
  return { keys: names, args }
}

/** Reads the answer of `appendScript`. */
export function appendOutcomes(answer: unknown, appends: readonly PackedAppend[]): readonly CommitOutcome[] {
  const text = String(answer)
  if (text === 'old') throw answerGone()
  const numbers = text.split(' ')
  if (numbers.length !== appends.length * 2)
    throw new EventStoreError('BACKEND_FAILED', 'redis: the append script answered something else', {
      outcome: 'unknown',
    })
  return appends.map(({ append }, index): CommitOutcome => {
    const version = Number(numbers[index * 2])
    const sequence = Number(numbers[index * 2 + 1])
    if (version > 0) return { ok: true, streams: [{ version, sequence }], revisions: [] }
    if (version < 0) return { ok: false, error: partitionSealed(append.partition) }
    return { ok: false, error: versionRefused(append, sequence) }
  })
}
