import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import type { ParsedDynamodbUrl } from './dynamodb-url.ts'
import { checkMs } from './options.ts'

/** How a client of our own waits. */
export interface ClientOptions {
  /** Milliseconds to wait for a connection. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined
  /** Milliseconds without a reply after which a request is given up, and tried again. Default 30,000. */
  readonly replyTimeoutMs?: number | undefined
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option. */
export function createClient(
  { region, endpoint, credentials }: ParsedDynamodbUrl,
  { connectTimeoutMs = 10_000, replyTimeoutMs = 30_000 }: ClientOptions,
): DynamoDBClient {
  checkMs(connectTimeoutMs, 'connectTimeoutMs')
  checkMs(replyTimeoutMs, 'replyTimeoutMs')
  return new DynamoDBClient({
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: replyTimeoutMs,
      throwOnRequestTimeout: true,
    },
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  })
}
