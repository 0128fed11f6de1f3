import {
  type Commit,
  type CommitOutcome,
  EventStoreError,
  type ExpectedRevision,
  type ExpectedVersion,
  RevisionConflictError,
  type StreamAppend,
  streamDeleted,
  VersionConflictError,
} from '@eventspine/core'
import type { RedisArgument } from './client.ts'
import { packEvents } from './codec.ts'
import type { PartitionKeys } from './keys.ts'
import { type GuardedCall, KEEP_ANSWERS_MS } from './resend-guard.ts'

/** Expected versions as the scripts take them. */
export function expectedVersion(expected: ExpectedVersion): number {
  if (typeof expected === 'number') return expected
  return expected === 'any' ? -1 : expected === 'none' ? -2 : -3
}

function expectedRevision(expected: ExpectedRevision): string {
  if (expected === 'any') return '*'
  return expected === 'none' ? '-' : `=${expected.revision}`
}

/** Keys and arguments of a script. */
export interface ScriptCall {
  readonly keys: readonly string[]
  readonly args: readonly RedisArgument[]
}

/** Prepares `commitScript` for a commit within one partition. */
export function commitCall(
  { appends, documents }: Commit,
  keys: PartitionKeys,
  options: {
    readonly bodyInFeed: boolean
    readonly client: string
    readonly guarded: GuardedCall | undefined
  },
): ScriptCall {
  const { bodyInFeed, client, guarded } = options
  const names = [keys.heads, keys.sequence, keys.feed, keys.revision, keys.answers(client)]
  const args: RedisArgument[] = [
    guarded?.slot ?? '',
    guarded?.number ?? 0,
    KEEP_ANSWERS_MS,
    appends.length,
    documents.length,
    bodyInFeed ? '1' : '',
  ]
  for (const { streamId, expectedVersion: expected, events } of appends) {
    names.push(keys.stream(streamId))
    args.push(streamId, expectedVersion(expected), events.length, packEvents(events))
  }
  for (const { collection, key, value, expectedRevision: expected, expiresInMs, listed } of documents) {
    names.push(keys.document(collection, key), keys.listing(collection))
    args.push(expectedRevision(expected), value === undefined ? 'd' : 's', value ?? '', expiresInMs ?? '')
    args.push(listed ? '1' : '', key)
  }
  return { keys: names, args }
}

/** Reads the answer of `commitScript`. */
export function commitOutcome(answer: unknown, { appends, documents }: Commit): CommitOutcome {
  const [verdict, ...rest] = String(answer).split(' ')
  if (verdict === 'k') {
    const numbers = rest.map(Number)
    const streams = appends.map((_, index) => ({
      version: numbers[index * 2] ?? 0,
      sequence: numbers[index * 2 + 1] ?? 0,
    }))
    const written = rest.slice(appends.length * 2)
    return {
      ok: true,
      streams,
      revisions: written.map((revision) => (revision === '0' ? undefined : revision)),
    }
  }
  const index = Number(rest[0]) - 1
  const append = appends[index]
  const document = documents[index]
  if (verdict === 's') return { ok: false, error: partitionSealed(appends[0]?.partition ?? 0) }
  if (verdict === 'v' && append !== undefined)
    return { ok: false, error: versionRefused(append, Number(rest[1])) }
  if (verdict === 'd' && document !== undefined)
    return { ok: false, error: new RevisionConflictError(document.collection, document.key) }
  throw answerGone()
}

/** The client sent a call twice, and others came between. */
export function answerGone(): EventStoreError<'OUTCOME_UNKNOWN'> {
  return new EventStoreError(
    'OUTCOME_UNKNOWN',
    'redis: the client sent a write again, and the answer to the first time is gone',
    { outcome: 'unknown', retryable: true },
  )
}

/** The verdict on an append whose stream is at another version. `head` is negative for a deleted stream. */
export function versionRefused(
  { streamId, expectedVersion: expected }: StreamAppend,
  head: number,
): EventStoreError {
  return head < 0 ? streamDeleted(streamId, -head) : new VersionConflictError(streamId, expected, head)
}

export function partitionSealed(partition: number): EventStoreError<'PARTITION_SEALED'> {
  return new EventStoreError('PARTITION_SEALED', `partition ${partition} is sealed: it accepts no appends`)
}
