import { EventStoreError } from '@eventspine/core'

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
export const TRANSACTION_ACTIONS = 100
export const TRANSACTION_BYTES = 4 * 1024 * 1024

/** The refusal of what keeps within each limit but not within those of one transaction; before any I/O. */
export function checkTransactionBytes(bytes: number): EventStoreError<'LIMIT_EXCEEDED'> | undefined {
  if (bytes <= TRANSACTION_BYTES) return undefined
  return new EventStoreError(
    'LIMIT_EXCEEDED',
    `dynamodb: ${bytes} bytes with all keys and ids, a transaction takes ${TRANSACTION_BYTES}`,
  )
}

/** Likewise for streams, the parts of large ones, and documents. */
export function checkTransactionActions(actions: number): EventStoreError<'LIMIT_EXCEEDED'> | undefined {
  if (actions <= TRANSACTION_ACTIONS) return undefined
  return new EventStoreError(
    'LIMIT_EXCEEDED',
    `dynamodb: ${actions} streams, parts and documents, a transaction takes ${TRANSACTION_ACTIONS - 1} of them`,
  )
}
