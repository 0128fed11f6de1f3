import type { StandardSchemaV1 } from '@standard-schema/spec'
import { invalidArgument } from '../error.ts'
import type { Deprecation, EventDefinition } from './event-definition.ts'

const DATE = /^\d{4}-\d{2}-\d{2}$/

/**
 * Marks an event type of a contract: it is read and handled as ever, and writing it by `contract.event` is
 * struck through by editors and reported by linters that know `@deprecated`, with date and remark in the
 * signature. Nothing is refused at run time.
 *
 * ```ts
 * LimitRaised: deprecated(z.object({ cents: z.number() }), { since: '2026-11-21', remark: 'use LimitSet' })
 * ```
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT`: `since` is no date, or there is no remark.
 */
export function deprecated<Schema extends StandardSchemaV1, const Notice extends Deprecation>(
  definition: Schema | EventDefinition<Schema>,
  notice: Notice,
): EventDefinition<Schema> & { readonly deprecated: Notice } {
  const { since, remark } = notice
  if (typeof since !== 'string' || !DATE.test(since) || Number.isNaN(Date.parse(since)))
    throw invalidArgument('since', 'must be a date: YYYY-MM-DD')
  if (typeof remark !== 'string' || remark.trim() === '')
    throw invalidArgument('remark', 'must say what to use instead')
  return '~standard' in definition
    ? { schema: definition, deprecated: notice }
    : { ...definition, deprecated: notice }
}
