import type { StandardSchemaV1 } from '@standard-schema/spec'
import { EventStoreError } from '../error.ts'
import { redactMessage } from './redact-message.ts'

/**
 * Runs a schema, sync or async, and returns its output.
 *
 * @throws {@link EventStoreError} `SCHEMA_MISMATCH` with the path of the first issue below `field`: the schema
 *   refused the value, threw (its error is the `cause`), or answered with what no schema may.
 */
export async function validateData(
  schema: StandardSchemaV1,
  value: unknown,
  field: string,
): Promise<unknown> {
  let result: StandardSchemaV1.Result<unknown>
  try {
    const answer = schema['~standard'].validate(value)
    // Most schemas answer at once, and an `await` would cost more than they do.
    result = isPromiseLike(answer) ? await answer : answer
  } catch (error) {
    throw new EventStoreError('SCHEMA_MISMATCH', `${field}: its schema threw`, { field, cause: error })
  }
  if (typeof result !== 'object' || result === null) {
    throw new EventStoreError('SCHEMA_MISMATCH', `${field}: its schema returned no result`, { field })
  }
  if (result.issues === undefined) return result.value
  throw refusal(result.issues, value, field)
}

function isPromiseLike<Result>(answer: Result | Promise<Result>): answer is Promise<Result> {
  return typeof answer === 'object' && answer !== null && 'then' in answer
}

function refusal(issues: readonly StandardSchemaV1.Issue[], value: unknown, root: string): EventStoreError {
  const [issue] = issues
  // Not `path.map`: a library's path may be an array class of its own, whose `map` makes another of them.
  const field = root + Array.from(issue?.path ?? [], pathStep).join('')
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : ''
  const message = issue === undefined ? 'is refused by its schema' : redactMessage(issue.message, value)
  return new EventStoreError('SCHEMA_MISMATCH', `${field}: ${message}${more}`, { field })
}

function pathStep(segment: PropertyKey | StandardSchemaV1.PathSegment): string {
  const key = typeof segment === 'object' ? segment.key : segment
  return typeof key === 'number' ? `[${key}]` : `.${String(key)}`
}
