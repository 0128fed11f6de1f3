import type { StandardSchemaV1 } from '@standard-schema/spec'
import { invalidArgument } from '../error.ts'
import type { RecordedEvent } from '../event.ts'
import type { DataOutput, EarlierVersion, EventDefinition } from './event-definition.ts'
import { MAX_SCHEMA_VERSION } from './schema-version.ts'

/** An event type in all its versions, of which the last is written; made by {@link versions}. */
export interface VersionedEvent<Schema extends StandardSchemaV1> extends EventDefinition<Schema> {
  readonly version: number
  readonly earlier: readonly EarlierVersion[]

  /**
   * Adds the version behind the last. Stored events stay as they are: each is brought up on reading, step by
   * step, by the upcasters of all versions between.
   *
   * @param upcast - makes data of this version of what the last one's schema gives out. Pure: it changes
   *   neither argument and reads no clock. The event is as it was stored; its `timestamp` may stand in for
   *   what older data did not say.
   */
  next<Next extends StandardSchemaV1>(
    schema: Next,
    upcast: (data: DataOutput<Schema>, event: RecordedEvent) => DataOutput<Next>,
  ): VersionedEvent<Next>
}

/**
 * Begins the versions of an event type:
 *
 * ```ts
 * MoneyDeposited: versions(z.object({ amount: z.number() }))
 *   .next(z.object({ cents: z.number().int() }), ({ amount }) => ({ cents: Math.round(amount * 100) }))
 * ```
 *
 * @param schema - of the first version.
 * @param options.first - its number, where older ones are not stored any more. Default 1.
 * @throws {@link EventStoreError} `INVALID_ARGUMENT`: no integer from 1 to 32,767.
 */
export function versions<Schema extends StandardSchemaV1>(
  schema: Schema,
  options: { readonly first?: number | undefined } = {},
): VersionedEvent<Schema> {
  const { first = 1 } = options
  if (!Number.isInteger(first) || first < 1 || first > MAX_SCHEMA_VERSION)
    throw invalidArgument('first', `must be an integer from 1 to ${MAX_SCHEMA_VERSION}`)
  return versioned(schema, first, [])
}

function versioned<Schema extends StandardSchemaV1>(
  schema: Schema,
  version: number,
  earlier: readonly EarlierVersion[],
): VersionedEvent<Schema> {
  return {
    schema,
    version,
    earlier,
    next: (nextSchema, upcast) => {
      if (typeof upcast !== 'function') throw invalidArgument('upcast', 'must be a function')
      return versioned(nextSchema, version + 1, [...earlier, { schema, upcast }])
    },
  }
}
