import type { Acknowledged, Failed, HistoryRecord, Invoked } from '../history.ts'
import { isExact } from '../operation.ts'

/** A commit with everything that was tried for it. */
export interface TriedOperation {
  readonly invoked: Invoked
  /** Of the first try. */
  readonly invokedUs: number
  readonly acknowledged: readonly Acknowledged[]
  readonly status: 'ok' | 'failed' | 'unknown'
}

interface Tries {
  readonly invoked: Invoked
  invocations: number
  readonly acknowledged: Acknowledged[]
  readonly failures: Failed[]
}

/** What became of each operation, from all that was written down about it. */
export function operationsOf(records: readonly HistoryRecord[]): ReadonlyMap<string, TriedOperation> {
  const tries = new Map<string, Tries>()
  for (const record of records) {
    if (record.kind === 'invoke') {
      const known = tries.get(record.operation)
      if (known === undefined)
        tries.set(record.operation, { invoked: record, invocations: 1, acknowledged: [], failures: [] })
      else known.invocations++
    }
  }
  for (const record of records) {
    if (record.kind === 'ok') tries.get(record.operation)?.acknowledged.push(record)
    else if (record.kind === 'failed' || record.kind === 'unknown')
      tries.get(record.operation)?.failures.push(record)
  }
  return new Map(
    Array.from(tries, ([name, tried]): [string, TriedOperation] => {
      const { invoked, acknowledged } = tried
      return [name, { invoked, invokedUs: invoked.atUs, acknowledged, status: statusOf(tried) }]
    }),
  )
}

function statusOf({ invoked, invocations, acknowledged, failures }: Tries): TriedOperation['status'] {
  if (acknowledged.length > 0) return 'ok'
  const refused = failures.filter(({ kind }) => kind === 'failed')
  if (refused.length === invocations) return 'failed'
  // At exact versions a conflict decides about all tries: the version has passed without these ids.
  const decided = isExact(invoked) && refused.some(({ code }) => code === 'VERSION_CONFLICT')
  return decided ? 'failed' : 'unknown'
}
