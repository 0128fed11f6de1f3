import { EventStoreError } from '@eventspine/core'

/** For verbs that a transaction in another isolation level cannot have. */
export function wrongIsolation(): EventStoreError<'NOT_SUPPORTED'> {
  return new EventStoreError(
    'NOT_SUPPORTED',
    'postgres: writing to streams within a transaction needs it to be read committed: in any other it would not see what it waited for',
  )
}
