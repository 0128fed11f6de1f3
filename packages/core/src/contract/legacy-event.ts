import type { StandardSchemaV1 } from '@standard-schema/spec'
import { invalidArgument } from '../error.ts'
import type { RecordedEvent } from '../event.ts'
import type { ContractShape, DataOutput, DomainEventOf, EventDefinitions } from './event-definition.ts'

/** What a stored event is read as: an event of the contract in its newest version, or in the one named. */
export type ReadPart<Definitions extends EventDefinitions = EventDefinitions> =
  | (DomainEventOf<ContractShape<string, Definitions>> & { readonly schemaVersion?: undefined })
  | {
      readonly type: keyof Definitions & string
      /** The contract's upcasters bring it up from here. */
      readonly schemaVersion: number
      readonly data: unknown
    }

/** How events of a type that is no longer written are read; made by {@link readAs}. */
export interface LegacyEvent<Part = ReadPart> {
  readonly schema: StandardSchemaV1
  readonly read: (data: never, event: RecordedEvent) => Part | readonly Part[]
}

/** Types that were written once, by name: the type that is their new name, or how to read them. */
export type LegacyEvents<Definitions extends EventDefinitions = EventDefinitions> = Readonly<
  Record<string, (keyof Definitions & string) | LegacyEvent<ReadPart<Definitions>>>
>

/**
 * What becomes of a stored event whose type the contract does not know, or not in that version: `stop` refuses
 * it with `SCHEMA_MISMATCH`, `skip` passes it over, a function says what it is read as (an empty list: nothing).
 */
export type UnknownEvents<Definitions extends EventDefinitions = EventDefinitions> =
  | 'stop'
  | 'skip'
  | ((event: RecordedEvent) => ReadPart<Definitions> | readonly ReadPart<Definitions>[])

/**
 * Reads events of a type that is no longer written as events of other types: one, several, or none.
 *
 * ```ts
 * AccountOpenedWithLimit: readAs(z.object({ owner: z.string(), limit: z.number() }), ({ owner, limit }) => [
 *   { type: 'AccountOpened', data: { owner } },
 *   { type: 'LimitSet', data: { limit } },
 * ])
 * ```
 *
 * All of them keep the place of the stored event. The first also keeps its id, the others have ids that are
 * derived from it.
 *
 * @param schema - of the data as it was stored.
 * @param read - pure: it changes neither argument and reads no clock.
 */
export function readAs<Schema extends StandardSchemaV1, const Part extends AnyPart>(
  schema: Schema,
  read: (data: DataOutput<Schema>, event: RecordedEvent) => Part | readonly Part[],
): LegacyEvent<Part> {
  if (typeof read !== 'function') throw invalidArgument('read', 'must be a function')
  return { schema, read }
}

interface AnyPart {
  readonly type: string
  readonly data: unknown
  readonly schemaVersion?: number | undefined
}
