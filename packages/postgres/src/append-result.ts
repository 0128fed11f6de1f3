import {
  type Commit,
  type CommitOutcome,
  EventStoreError,
  RevisionConflictError,
  streamDeleted,
  VersionConflictError,
} from '@eventspine/core'
import type { StreamAppend, StreamOutcome } from '@eventspine/core'
import type { Batch } from './append-parameters.ts'

/** What an append answered: a verdict on each commit, or why none was tried. */
export type AppendAnswer = readonly CommitOutcome[] | 'isolation' | 'busy' | 'deadlock'

/**
 * Reads the answer of the append functions, `bases;heads;verdicts;revisions`: versions and positions follow from the
 * heads and from counting, as the server did.
 */
export function readAppendAnswer(
  answer: string,
  commits: readonly Commit[],
  batch: Omit<Batch, 'values'>,
): AppendAnswer {
  if (answer === 'isolation' || answer === 'busy' || answer === 'deadlock') return answer
  const [bases = '', heads = '', verdicts = '', revisions = ''] = answer.split(';')
  const sequences = new Map(numbers(bases).map((base, index) => [batch.partitions[index] ?? 0, base]))
  const headOf = numbers(heads)
  const verdictOf = verdicts === '' ? [] : verdicts.split(',')
  const revisionOf = revisions === '' ? [] : revisions.split(',')
  let append = 0
  let document = 0
  return commits.map((commit, index): CommitOutcome => {
    const firstAppend = append
    const firstDocument = document
    append += commit.appends.length
    document += commit.documents.length
    const verdict = verdictOf[index] ?? ''
    if (verdict !== '') return { ok: false, error: refusal(verdict, batch, headOf) }
    const streams = commit.appends.map(({ partition, events }, offset): StreamOutcome => {
      const sequence = (sequences.get(partition) ?? 0) + events.length
      sequences.set(partition, sequence)
      return { version: Math.abs(headOf[firstAppend + offset] ?? 0) + events.length, sequence }
    })
    const written = commit.documents.map((_, offset) => {
      const revision = revisionOf[firstDocument + offset]
      return revision === '0' ? undefined : revision
    })
    return { ok: true, streams, revisions: written }
  })
}

function numbers(list: string): readonly number[] {
  return list === '' ? [] : list.split(',').map(Number)
}

function refusal(
  verdict: string,
  { appends, documents }: Omit<Batch, 'values'>,
  heads: readonly number[],
): EventStoreError {
  const index = Number(verdict.slice(1)) - 1
  const append = appends[index]
  const document = documents[index]
  if (verdict.startsWith('d') && document !== undefined)
    return new RevisionConflictError(document.collection, document.key)
  if (verdict.startsWith('s') && append !== undefined) return partitionSealed(append.partition)
  if (verdict.startsWith('c') && append !== undefined) return versionRefused(append, heads[index] ?? 0)
  return new EventStoreError('BACKEND_FAILED', 'postgres: the append function gave an unknown verdict')
}

/** The verdict on an append whose stream is at another version. `head` is negative for a deleted stream. */
function versionRefused({ streamId, expectedVersion }: StreamAppend, head: number): EventStoreError {
  return head < 0 ? streamDeleted(streamId, -head) : new VersionConflictError(streamId, expectedVersion, head)
}

export function partitionSealed(partition: number): EventStoreError<'PARTITION_SEALED'> {
  return new EventStoreError('PARTITION_SEALED', `partition ${partition} is sealed: it accepts no appends`)
}
