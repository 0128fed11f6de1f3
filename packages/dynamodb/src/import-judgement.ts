import {
  EventStoreError,
  type ImportedEvent,
  type StreamOutcome,
  VersionConflictError,
} from '@eventspine/core'
import { idAt, sequenceAt } from './commit-item.ts'
import type { Head, StreamHeads } from './stream-heads.ts'
import type { StreamReader } from './stream-reader.ts'

/** What of an import is not there yet. */
export type ImportJudgement =
  | {
      readonly ok: true
      readonly missing: readonly ImportedEvent[]
      /** Where the streams end that `missing` goes on. */
      readonly heads: ReadonlyMap<string, Head>
      /** Where the last event stands, unless it is missing. */
      readonly last: StreamOutcome | undefined
    }
  | { readonly ok: false; readonly error: EventStoreError }

interface Standing {
  readonly id: string | undefined
  /** 0: it is missing still. */
  readonly sequence: number
}

/** Holds recorded events against what the store has of their streams. */
export async function judgeImport(
  { heads, reader }: { readonly heads: StreamHeads; readonly reader: StreamReader },
  partition: number,
  events: readonly ImportedEvent[],
): Promise<ImportJudgement> {
  const lowest = new Map<string, number>()
  for (const { streamId, version } of events)
    lowest.set(streamId, Math.min(version, lowest.get(streamId) ?? Infinity))
  const loaded = new Map<string, Head>()
  const standing = new Map<string, Map<number, Standing>>()
  await Promise.all(
    Array.from(lowest, async ([streamId, from]) => {
      const head = await heads.load(streamId)
      loaded.set(streamId, head)
      const ids = new Map<number, Standing>()
      standing.set(streamId, ids)
      if (from > head.version) return
      for (const commit of await reader.commits(streamId, partition, from, head.version)) {
        for (let index = 0; index < commit.count; index++)
          ids.set(commit.first + index, { id: idAt(commit, index), sequence: sequenceAt(commit, index) })
      }
    }),
  )
  const ends = new Map(Array.from(loaded, ([streamId, { version }]) => [streamId, version]))
  const missing: ImportedEvent[] = []
  let last: StreamOutcome | undefined
  for (const event of events) {
    const { streamId, version, id } = event
    const end = ends.get(streamId) ?? 0
    if (end === 0 || version === end + 1) {
      missing.push(event)
      ends.set(streamId, version)
      standing.get(streamId)?.set(version, { id, sequence: 0 })
      last = undefined
      continue
    }
    const found = standing.get(streamId)?.get(version)
    if (found === undefined) return { ok: false, error: new VersionConflictError(streamId, version - 1, end) }
    if (found.id !== id) return { ok: false, error: idReused(event) }
    last = found.sequence === 0 ? undefined : { version, sequence: found.sequence }
  }
  return { ok: true, missing, heads: loaded, last }
}

function idReused({ streamId, version }: ImportedEvent): EventStoreError<'ID_REUSED'> {
  const message = `stream ${JSON.stringify(streamId)} holds another event at version ${version}`
  return new EventStoreError('ID_REUSED', message)
}
