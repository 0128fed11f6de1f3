import type { DynamodbError } from './dynamodb-request.ts'

/** What is sent to a client. */
export interface DynamodbReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

const serverErrors: ReadonlySet<DynamodbError> = new Set(['InternalServerError', 'ServiceUnavailable'])

const jsonHeaders = { 'content-type': 'application/x-amz-json-1.0' }

/** A reply that the proxy makes. */
export function ownReply(status: number, content: string): DynamodbReply {
  return { status, headers: jsonHeaders, body: content }
}

/** The reply by which the service tells an error. */
export function errorReply(error: DynamodbError): DynamodbReply {
  const status = error === 'ServiceUnavailable' ? 503 : serverErrors.has(error) ? 500 : 400
  return ownReply(status, JSON.stringify({ __type: typeOf(error), message: `${error}, by the proxy` }))
}

/**
 * The reply to a transaction whose actions of these numbers met another one. The service gives a reason for each action:
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html#API_TransactWriteItems_Errors
 *
 * @throws RangeError when the request is no transaction, or has no such action.
 */
export function conflictReply(body: string, conflictAt: readonly number[]): DynamodbReply {
  // What a client sends; of another operation it has no such list.
  const { TransactItems: actions = [] } = JSON.parse(body) as { TransactItems?: readonly unknown[] }
  if (conflictAt.some((at) => at >= actions.length)) {
    throw new RangeError(`the request has ${actions.length} actions, none of number ${conflictAt.join(', ')}`)
  }
  const codes = actions.map((_action, at) => (conflictAt.includes(at) ? 'TransactionConflict' : 'None'))
  const reasons = codes.map((Code) =>
    Code === 'None' ? { Code } : { Code, Message: 'Transaction is ongoing for the item' },
  )
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(', ')}]`
  const __type = typeOf('TransactionCanceledException')
  return ownReply(400, JSON.stringify({ __type, Message: message, CancellationReasons: reasons }))
}

function typeOf(error: string): string {
  return `com.amazonaws.dynamodb.v20120810#${error}`
}
