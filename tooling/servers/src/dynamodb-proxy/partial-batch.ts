/** Of each table, the keys of a read or the items of a write. */
type TableRequests = Readonly<Record<string, readonly unknown[] | TableKeys>>

interface TableKeys {
  readonly Keys: readonly unknown[]
}

/** A batch in two parts. */
export interface PartialBatch {
  /** The request for what is processed; `undefined` when nothing is. */
  readonly body: string | undefined
  /** The reply with all that came back unprocessed added; takes that of the first part, when there was one. */
  reply(processed: string | undefined): string
}

const unprocessedNames: Readonly<Record<string, string>> = {
  BatchGetItem: 'UnprocessedKeys',
  BatchWriteItem: 'UnprocessedItems',
}

/**
 * Splits a batch after so many keys or items, as the service does when it is short of throughput.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 *
 * @throws RangeError when the operation has no such replies.
 */
export function partialBatch(operation: string, body: string, processed: number): PartialBatch {
  const unprocessedName = unprocessedNames[operation]
  if (unprocessedName === undefined) throw new RangeError(`${operation} is no batch`)
  // What a client sends of these two operations.
  const request = JSON.parse(body) as { readonly RequestItems: TableRequests }
  const first = sliced(request.RequestItems, 0, processed)
  const rest = sliced(request.RequestItems, processed, Infinity)
  return {
    body: Object.keys(first).length === 0 ? undefined : JSON.stringify({ ...request, RequestItems: first }),
    reply(replied) {
      const text = replied ?? (operation === 'BatchGetItem' ? '{"Responses":{}}' : '{}')
      // What the service answers: an object.
      const answer = JSON.parse(text) as Record<string, unknown>
      const already = answer[unprocessedName] as TableRequests | undefined // The same shape as what was asked.
      return JSON.stringify({ ...answer, [unprocessedName]: joined(rest, already ?? {}) })
    },
  }
}

/** Those of the numbers `from` up to `to`, counted over all tables. */
function sliced(requests: TableRequests, from: number, to: number): TableRequests {
  let passed = 0
  const parts = Object.entries(requests).flatMap(([table, ofTable]) => {
    const entries = entriesOf(ofTable)
    const part = entries.slice(Math.max(0, from - passed), Math.max(0, to - passed))
    passed += entries.length
    return part.length === 0 ? [] : [[table, withEntries(ofTable, part)] as const]
  })
  return Object.fromEntries(parts)
}

function joined(one: TableRequests, other: TableRequests): TableRequests {
  const tables = new Set([...Object.keys(one), ...Object.keys(other)])
  return Object.fromEntries(
    [...tables].map((table) => {
      const parts = [one[table], other[table]].filter((part) => part !== undefined)
      return [table, withEntries(parts[0] ?? [], parts.flatMap(entriesOf))]
    }),
  )
}

function entriesOf(ofTable: readonly unknown[] | TableKeys): readonly unknown[] {
  return 'Keys' in ofTable ? ofTable.Keys : ofTable
}

function withEntries(
  ofTable: readonly unknown[] | TableKeys,
  entries: readonly unknown[],
): readonly unknown[] | TableKeys {
  return 'Keys' in ofTable ? { ...ofTable, Keys: entries } : entries
}
