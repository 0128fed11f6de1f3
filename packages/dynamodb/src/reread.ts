import { EventStoreError } from '@eventspine/core'
import { pause } from './backoff.ts'

const PATIENCE_MS = 10_000
const PAUSE_MS = 20

/**
 * Reads until what was read holds together. A read of several items is no snapshot: it may meet a transaction some of
 * whose items it sees and others not yet.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-isolation
 * @param read - resolves with `undefined` to be called again.
 * @throws {@link EventStoreError} `BACKEND_FAILED`: it never does, so something is missing.
 */
export async function untilWhole<Result>(
  what: string,
  read: () => Promise<Result | undefined>,
): Promise<Result> {
  const deadlineMs = performance.now() + PATIENCE_MS
  for (;;) {
    const result = await read()
    if (result !== undefined) return result
    if (performance.now() > deadlineMs)
      throw new EventStoreError('BACKEND_FAILED', `dynamodb: items of ${what} are missing from the table`)
    await pause(PAUSE_MS)
  }
}
