import { isDeepStrictEqual } from 'node:util'
import type {
  Commit,
  CommitOutcome,
  EncodedEvent,
  EventStoreAdapter,
  StoredEvent,
  StreamAppend,
  StreamOutcome,
} from './adapter.ts'
import { asBackendError } from './arguments.ts'
import { EventStoreError } from './error.ts'

/**
 * Law A6: a commit refused for its version may be the repeat of one that was written before. Reads what
 * stands where it would have been written.
 *
 * @returns the first result; `undefined` when this is another commit, and the conflict stands.
 * @throws {@link EventStoreError} `ID_REUSED`: one of the ids is there with other data or other company.
 */
export async function firstResult(
  adapter: EventStoreAdapter,
  commit: Commit,
  error: EventStoreError,
): Promise<Extract<CommitOutcome, { ok: true }> | undefined> {
  if (error.code !== 'VERSION_CONFLICT') return undefined
  const [head, ...rest] = commit.appends
  if (head === undefined) return undefined
  // Nearly always a real conflict, and one read tells. Only what looks like a repeat is read as a whole.
  const first = await standing(adapter, head)
  if (first === undefined) return undefined
  const others = await Promise.all(rest.map((append) => standing(adapter, append)))
  const streams = [first, ...others.filter((stream) => stream !== undefined)]
  if (streams.length < commit.appends.length) return undefined
  return { ok: true, streams, revisions: commit.documents.map(() => undefined) }
}

/** Where the append was written before; `undefined` when none of its events is there. */
async function standing(
  adapter: EventStoreAdapter,
  append: StreamAppend,
): Promise<StreamOutcome | undefined> {
  const stored = await readWhereWritten(adapter, append)
  const matches = append.events.map((event, index) => event.id === stored[index]?.id)
  const last = stored.at(-1)
  if (last === undefined || !matches.includes(true)) return undefined
  const same = append.events.every((event, index) => isSame(event, stored[index]))
  if (!same) throw idReused(append, matches.indexOf(true))
  return { version: last.version, sequence: last.sequence }
}

async function readWhereWritten(
  adapter: EventStoreAdapter,
  append: StreamAppend,
): Promise<readonly StoredEvent[]> {
  const base = typeof append.expectedVersion === 'number' ? append.expectedVersion : 0
  const { streamId, partition, events } = append
  const stored: StoredEvent[] = []
  const to = base + events.length
  let from = base + 1
  try {
    for (;;) {
      const page = await adapter.doRead({
        streamId,
        partition,
        from,
        to,
        direction: 'forward',
        limit: to - from + 1,
      })
      stored.push(...page.events)
      from = page.next
      if (page.done || from > to) break
    }
  } catch (error) {
    throw asBackendError(error, 'read')
  }
  // Removed events leave holes: what follows must not be held against the wrong event.
  return stored.filter((event, index) => event.version === base + 1 + index)
}

function isSame(event: EncodedEvent, stored: StoredEvent | undefined): boolean {
  return (
    stored !== undefined &&
    stored.id === event.id &&
    stored.type === event.type &&
    stored.schemaVersion === event.schemaVersion &&
    stored.codec === event.codec &&
    isSameJson(stored.data, event.data) &&
    isSameJson(stored.metadata, event.metadata)
  )
}

/** A repeat may give its keys in another order. */
function isSameJson(a: string, b: string): boolean {
  return a === b || isDeepStrictEqual(JSON.parse(a), JSON.parse(b))
}

function idReused(append: StreamAppend, index: number): EventStoreError<'ID_REUSED'> {
  const field = `events[${index}].id`
  return new EventStoreError(
    'ID_REUSED',
    `${field}: stream ${JSON.stringify(append.streamId)} already holds this id with other data or among other events`,
    { field },
  )
}
