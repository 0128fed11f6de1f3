import {
  type CommitOutcome,
  EventStoreError,
  type ImportedEvent,
  VersionConflictError,
} from '@eventspine/core'
import { bodyValues, integers } from './append-parameters.ts'
import { partitionSealed } from './append-result.ts'
import type { Value } from './driver.ts'

/** The parameters of `import_events` behind the partition. */
export function importValues(events: readonly ImportedEvent[]): readonly Value[] {
  const latest = new Map<string, number>()
  const earlier = events.map(({ streamId }, index) => {
    const before = latest.get(streamId) ?? 0
    latest.set(streamId, index + 1)
    return before
  })
  return [
    events.map(({ streamId }) => streamId).join('\n'),
    integers(events.map(({ version }) => version)),
    integers(earlier),
    integers(events.map(({ timestampMs }) => timestampMs)),
    ...bodyValues(events),
  ]
}

/** Reads the answer of `import_events`. */
export function importOutcome(
  answer: string,
  partition: number,
  events: readonly ImportedEvent[],
): CommitOutcome {
  const [first = '', second = '', number, head] = answer.split(';')
  if (first !== '')
    return { ok: true, streams: [{ sequence: Number(first), version: Number(second) }], revisions: [] }
  if (second === 's') return { ok: false, error: partitionSealed(partition) }
  const event = events[Number(number) - 1]
  const { streamId, version } = event ?? { streamId: '', version: 0 }
  if (second === 'c')
    return { ok: false, error: new VersionConflictError(streamId, version - 1, Number(head)) }
  const message = `stream ${JSON.stringify(streamId)} holds another event at version ${version}`
  return { ok: false, error: new EventStoreError('ID_REUSED', message) }
}
