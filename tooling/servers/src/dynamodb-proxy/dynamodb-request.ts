import type { RequestDelay } from '../request-proxy/delay.ts'

/** One call of a client, before it is passed on. */
export interface DynamodbRequest {
  /** Such as `TransactWriteItems`. */
  readonly operation: string
  /** Its parameters, in JSON. */
  readonly body: string
}

/** Of the requests sent from now on, the first that all of this is true of. */
export interface ChosenDynamodbRequest {
  readonly operation?: string
  /** What appears anywhere in its parameters. */
  readonly containing?: string
  /** The n-th instead. @defaultValue 1 */
  readonly nth?: number
}

/** What becomes of a request; what is not delivered is not executed. */
export type DynamodbFate =
  /** It is executed, its reply is dropped, the connection is cut. */
  | 'lose-reply'
  /** It is executed and its reply is dropped; the client waits in vain. */
  | 'drop-reply'
  /** It is not delivered, the connection is cut. */
  | 'lose-request'
  /** It is not delivered; the client waits in vain. */
  | 'drop-request'
  /** It is delivered later, even if the client has gone by then. */
  | RequestDelay
  /** It is answered with an error of the service in place of being delivered. */
  | { readonly error: DynamodbError }
  /** It is executed, and answered with an error of the service all the same. */
  | { readonly executedError: 'InternalServerError' | 'ServiceUnavailable' | 'RequestTimeout' }
  /** A transaction is cancelled, since its actions of these numbers, from 0, met another transaction. */
  | { readonly conflictAt: readonly number[] }
  /** Of a batch, no more than so many keys or items are processed; the others come back as unprocessed. */
  | { readonly processed: number }

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html */
export type DynamodbError =
  | 'ThrottlingException'
  | 'ProvisionedThroughputExceededException'
  | 'RequestLimitExceeded'
  | 'LimitExceededException'
  | 'TransactionConflictException'
  | 'TransactionInProgressException'
  | 'AccessDeniedException'
  | 'ExpiredTokenException'
  | 'UnrecognizedClientException'
  | 'ResourceNotFoundException'
  | 'ItemCollectionSizeLimitExceededException'
  | 'InternalServerError'
  | 'ServiceUnavailable'
  | 'RequestTimeout'

/** Whether a choice is for this request. */
export function isChosen({
  operation,
  containing,
}: ChosenDynamodbRequest): (request: DynamodbRequest) => boolean {
  return (request) =>
    (operation === undefined || request.operation === operation) &&
    (containing === undefined || request.body.includes(containing))
}
