import type { CancellationReason } from '@aws-sdk/client-dynamodb'
import { EventStoreError } from '@eventspine/core'

/*
 * Why a transaction was cancelled: one reason for each action, `None` for those at which it did not fail.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
 */

const CONTENTION: ReadonlySet<string> = new Set([
  'TransactionConflict',
  'ThrottlingError',
  'ProvisionedThroughputExceeded',
])

/** The action's condition does not hold. */
export function refusedBy(reason: CancellationReason | undefined): boolean {
  return reason?.Code === 'ConditionalCheckFailed'
}

/** Others have the item in hand, or there is no capacity now: the same transaction may succeed later. */
export function isContention({ Code }: CancellationReason): boolean {
  return Code !== undefined && CONTENTION.has(Code)
}

/** For reasons that no repeat will change. Nothing was written. */
export function cancelledForGood(reasons: readonly CancellationReason[]): EventStoreError<'BACKEND_FAILED'> {
  const codes = new Set(reasons.flatMap(({ Code }) => (Code === undefined || Code === 'None' ? [] : [Code])))
  const named = codes.size === 0 ? 'no reason' : [...codes].join(', ')
  return new EventStoreError('BACKEND_FAILED', `dynamodb: the service cancelled the transaction for ${named}`)
}
