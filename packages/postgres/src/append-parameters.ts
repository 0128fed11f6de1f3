import type {
  Commit,
  EncodedDocumentWrite,
  EncodedEvent,
  ExpectedRevision,
  ExpectedVersion,
  StreamAppend,
} from '@eventspine/core'
import type { Value } from './driver.ts'

/*
 * Commits as parameters of the SQL functions. Texts travel as lines of one text: `JSON.stringify` emits no raw line
 * break, names may hold none, and for the server nothing is cheaper to take apart.
 */

/** Expected versions as the functions take them. */
export function expectedVersion(expected: ExpectedVersion): number {
  if (typeof expected === 'number') return expected
  return expected === 'any' ? -1 : expected === 'none' ? -2 : -3
}

// 19 digits may not fit a bigint, and no revision gets that long.
const REVISION = /^[1-9]\d{0,17}$/

/** Expected revisions as the functions take them: 0 is never there. */
export function expectedRevision(expected: ExpectedRevision): string {
  if (expected === 'any') return '-1'
  if (expected === 'none') return '-2'
  return REVISION.test(expected.revision) ? expected.revision : '0'
}

export function integers(values: readonly (number | string)[]): string {
  return `{${values.join(',')}}`
}

function lines<Item>(items: readonly Item[], text: (item: Item) => string): string {
  return items.map(text).join('\n')
}

/** A list that the function need not be given when all its values are the usual one. */
function unlessAll<Item>(
  items: readonly Item[],
  value: (item: Item) => number,
  usual: number,
): string | null {
  return items.every((item) => value(item) === usual) ? null : integers(items.map(value))
}

/** The parameters of `append_one`, when the batch is one commit of one event and nothing else. */
export function loneEvent(commits: readonly Commit[], lockTimeoutMs: number): readonly Value[] | undefined {
  const [commit, second] = commits
  if (
    commit === undefined ||
    second !== undefined ||
    commit.documents.length > 0 ||
    commit.appends.length !== 1
  )
    return undefined
  const [append] = commit.appends
  const [event, another] = append?.events ?? []
  if (append === undefined || event === undefined || another !== undefined) return undefined
  return [
    lockTimeoutMs,
    append.partition,
    append.streamId,
    expectedVersion(append.expectedVersion),
    event.id,
    event.type,
    event.schemaVersion,
    event.codec,
    event.data,
    event.metadata,
  ]
}

/** A batch as the function `append` numbers it. */
export interface Batch {
  readonly values: readonly Value[]
  /** In the order of the function's `bases`. */
  readonly partitions: readonly number[]
  readonly appends: readonly StreamAppend[]
  readonly documents: readonly EncodedDocumentWrite[]
}

/** The parameters of `append` and `append_nested`. */
export function batchOf(commits: readonly Commit[], lockTimeoutMs: number): Batch {
  const appends = commits.flatMap((commit) => commit.appends)
  const documents = commits.flatMap((commit) => commit.documents)
  const events = appends.flatMap((append) => append.events)
  const partitions = Array.from(new Set(appends.map(({ partition }) => partition))).sort((a, b) => a - b)
  const values = [
    lockTimeoutMs,
    integers(partitions),
    ...appendValues(appends, partitions),
    ...commitValues(commits, documents.length > 0),
    ...eventValues(appends, events, partitions.length),
    ...documentValues(documents),
  ]
  return { values, partitions, appends, documents }
}

function appendValues(appends: readonly StreamAppend[], partitions: readonly number[]): Value[] {
  const slots = new Map(partitions.map((partition, index) => [partition, index + 1]))
  const latest = new Map<string, number>()
  const earlier = appends.map(({ streamId }, index) => {
    const before = latest.get(streamId) ?? 0
    latest.set(streamId, index + 1)
    return before
  })
  return [
    appends.length === 0 ? null : lines(appends, ({ streamId }) => streamId),
    integers(appends.map((append) => expectedVersion(append.expectedVersion))),
    partitions.length < 2 ? null : integers(appends.map(({ partition }) => slots.get(partition) ?? 0)),
    latest.size === appends.length ? null : integers(earlier),
    unlessAll(appends, ({ events }) => events.length, 1),
  ]
}

function commitValues(commits: readonly Commit[], withDocuments: boolean): Value[] {
  return [
    unlessAll(commits, ({ appends }) => appends.length, 1),
    withDocuments ? integers(commits.map(({ documents }) => documents.length)) : null,
  ]
}

function eventValues(
  appends: readonly StreamAppend[],
  events: readonly EncodedEvent[],
  partitions: number,
): Value[] {
  return [
    events.length === appends.length
      ? null
      : integers(appends.flatMap((append, index) => append.events.map(() => index + 1))),
    partitions < 2 ? null : integers(ranks(appends)),
    ...bodyValues(events),
  ]
}

/** For each event its number among those of its partition. */
function ranks(appends: readonly StreamAppend[]): readonly number[] {
  const counts = new Map<number, number>()
  return appends.flatMap(({ partition, events }) =>
    events.map(() => {
      const rank = (counts.get(partition) ?? 0) + 1
      counts.set(partition, rank)
      return rank
    }),
  )
}

/** Ids, types, schema versions, codecs, data and metadata. */
export function bodyValues(events: readonly EncodedEvent[]): Value[] {
  return [
    lines(events, ({ id }) => id),
    lines(events, ({ type }) => type),
    unlessAll(events, ({ schemaVersion }) => schemaVersion, 1),
    unlessAll(events, ({ codec }) => codec, 0),
    lines(events, ({ data }) => data),
    lines(events, ({ metadata }) => metadata),
  ]
}

function documentValues(writes: readonly EncodedDocumentWrite[]): Value[] {
  if (writes.length === 0) return [null, null, null, null, null, null, null]
  const numbers = new Map<string, number>()
  const addresses: EncodedDocumentWrite[] = []
  const numbered = writes.map((write) => {
    const address = `${write.collection}\n${write.partition}\n${write.key}`
    const known = numbers.get(address)
    if (known !== undefined) return known
    addresses.push(write)
    numbers.set(address, addresses.length)
    return addresses.length
  })
  return [
    lines(addresses, ({ collection }) => collection),
    integers(addresses.map(({ partition }) => partition)),
    lines(addresses, ({ key }) => key),
    integers(numbered),
    integers(writes.map((write) => expectedRevision(write.expectedRevision))),
    lines(writes, ({ value }) => value ?? ''),
    integers(writes.map(({ expiresInMs }) => expiresInMs ?? 'null')),
  ]
}
