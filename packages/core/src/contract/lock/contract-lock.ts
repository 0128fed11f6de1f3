import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import { invalidArgument } from '../../error.ts'
import type { JsonValue } from '../../event.ts'
import type { Deprecation, EventDefinitions } from '../event-definition.ts'
import { type CheckedDefinition, EventSchemas } from '../event-schemas.ts'
import type { LegacyEvent } from '../legacy-event.ts'

/** What is locked of a contract: every contract of `defineEvents` has it. */
export interface LockableContract {
  readonly category: string
  readonly definitions: EventDefinitions
  readonly legacy: Readonly<Record<string, string | LegacyEvent<unknown>>>
}

/** What contracts promise about stored events, as JSON: to be kept in version control, and compared. */
export interface ContractLock {
  readonly format: 1
  /** By category. */
  readonly contracts: Readonly<Record<string, LockedContract>>
}

export interface LockedContract {
  readonly events: Readonly<Record<string, LockedEvent>>
  readonly legacy: Readonly<Record<string, LockedLegacy>>
}

export interface LockedEvent {
  readonly version: number
  /** The oldest that can still be read. */
  readonly firstVersion: number
  /** What is stored, as JSON Schema, by version; `null` where the library cannot say it in JSON Schema. */
  readonly schemas: Readonly<Record<string, JsonValue>>
  readonly deprecated?: Deprecation
}

export interface LockedLegacy {
  /** The new name; `null` where a function reads it. */
  readonly name: string | null
  readonly schema: JsonValue
}

/** Makes JSON Schema of a schema's output; what it throws on is locked by its version alone. */
export type ToJsonSchema = (schema: StandardSchemaV1) => unknown

const TARGET = { target: 'draft-2020-12' } as const

/**
 * What these contracts promise about stored events.
 *
 * @param toJsonSchema - for libraries whose schemas have no Standard JSON Schema. Default: asks the schema itself.
 * @throws {@link EventStoreError} `INVALID_ARGUMENT`: two contracts of one category.
 */
export function contractLock(
  contracts: readonly LockableContract[],
  toJsonSchema: ToJsonSchema = standardJsonSchema,
): ContractLock {
  const byCategory = new Map<string, LockedContract>()
  for (const { category, definitions, legacy } of contracts) {
    if (byCategory.has(category))
      throw invalidArgument('contracts', `has two contracts of the category ${JSON.stringify(category)}`)
    const checked = new EventSchemas(category, definitions).definitions
    const events = [...checked].map(([type, definition]) => {
      const given = definitions[type]
      const notice = given !== undefined && 'deprecated' in given ? given.deprecated : undefined
      return [type, lockedEvent(definition, notice, toJsonSchema)] as const
    })
    const old = Object.entries(legacy).map(
      ([type, read]) => [type, lockedLegacy(read, toJsonSchema)] as const,
    )
    byCategory.set(category, { events: sorted(events), legacy: sorted(old) })
  }
  return { format: 1, contracts: sorted([...byCategory]) }
}

function lockedEvent(
  { schema, version, earlier }: CheckedDefinition,
  deprecated: Deprecation | undefined,
  toJsonSchema: ToJsonSchema,
): LockedEvent {
  const firstVersion = earlier === undefined ? 1 : version - earlier.length
  const all = [...(earlier ?? []).map((each) => each.schema), schema]
  const first = version - all.length + 1
  const schemas = Object.fromEntries(
    all.map((each, index) => [first + index, jsonSchemaOf(each, toJsonSchema)]),
  )
  return { version, firstVersion, schemas, ...(deprecated === undefined ? {} : { deprecated }) }
}

function lockedLegacy(read: string | LegacyEvent<unknown>, toJsonSchema: ToJsonSchema): LockedLegacy {
  if (typeof read === 'string') return { name: read, schema: null }
  return { name: null, schema: jsonSchemaOf(read.schema, toJsonSchema) }
}

function jsonSchemaOf(schema: StandardSchemaV1, toJsonSchema: ToJsonSchema): JsonValue {
  let found: unknown
  try {
    found = toJsonSchema(schema)
  } catch {
    // A date, a transformation: the library has no JSON Schema for it, and the version stands for it.
    return null
  }
  // Sound: what went through JSON is JSON. Without the name of the dialect, which is the same for all.
  const json = JSON.parse(JSON.stringify(found ?? null)) as JsonValue
  return typeof json === 'object' && json !== null && !Array.isArray(json)
    ? Object.fromEntries(Object.entries(json).filter(([key]) => key !== '$schema'))
    : json
}

function standardJsonSchema(schema: StandardSchemaV1): unknown {
  // Sound: the property is looked for before it is used.
  const standard = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>
  return standard.jsonSchema?.output(TARGET)
}

/** By name, so that the order of definitions is no change. */
function sorted<Value>(entries: readonly (readonly [string, Value])[]): Readonly<Record<string, Value>> {
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
