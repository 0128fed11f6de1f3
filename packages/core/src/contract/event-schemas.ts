import type { StandardSchemaV1 } from '@standard-schema/spec'
import { EventStoreError, invalidArgument } from '../error.ts'
import type { NewEvent, RecordedEvent } from '../event.ts'
import { checkName } from '../stream-id.ts'
import { withFields } from '../with-fields.ts'
import type { EarlierVersion, EventDefinition, EventDefinitions, ValidEvent } from './event-definition.ts'
import { EventView, placeInStream } from './event-view.ts'
import { validateData } from './schema-validation.ts'
import { MAX_SCHEMA_VERSION } from './schema-version.ts'

export const MAX_TYPE_BYTES = 255

/** An event type of a contract with everything filled in. */
export interface CheckedDefinition {
  readonly schema: StandardSchemaV1
  readonly version: number
  /** `undefined`: older events are read as they were stored. */
  readonly earlier: readonly EarlierVersion[] | undefined
}

/** The schemas of a contract at run time, by event type. */
export class EventSchemas {
  readonly definitions: ReadonlyMap<string, CheckedDefinition>
  readonly #category: string

  /** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming what is no schema, type or version. */
  constructor(category: string, definitions: EventDefinitions) {
    this.#category = category
    if (typeof definitions !== 'object' || definitions === null)
      throw invalidArgument('definitions', 'must be an object')
    const checked = new Map<string, CheckedDefinition>()
    for (const [type, definition] of Object.entries(definitions)) {
      checkName(type, `definitions.${type}`, MAX_TYPE_BYTES)
      checked.set(type, checkDefinition(definition, `definitions.${type}`))
    }
    this.definitions = checked
  }

  has(type: string): boolean {
    return this.definitions.has(type)
  }

  /** The version that a new event of this type is stored with; `undefined` for an unknown type. */
  versionOf(type: string): number | undefined {
    return this.definitions.get(type)?.version
  }

  /** Validates events to be appended. One after the other, so that the first at fault is the one reported. */
  async validate(events: readonly NewEvent[]): Promise<ValidEvent[]> {
    if (!Array.isArray(events)) throw invalidArgument('events', 'must be an array')
    const valid: ValidEvent[] = []
    for (const [index, event] of events.entries())
      valid.push(await this.#validateNew(event, `events[${index}]`))
    return valid
  }

  /** Events of this contract with their data run through their schemas. */
  async validated(events: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]> {
    const views: RecordedEvent[] = []
    for (const event of events) views.push(await this.#validatedOne(event))
    return views
  }

  async #validatedOne(event: RecordedEvent): Promise<RecordedEvent> {
    const { id, type, schemaVersion, streamId, streamPosition, data } = event
    const definition = this.definitions.get(type)
    if (definition === undefined) return event
    try {
      const validData = await validateData(definition.schema, data, 'data')
      return new EventView(event, { id, type, schemaVersion, data: validData, place: placeInStream(event) })
    } catch (error) {
      if (!EventStoreError.is(error, 'SCHEMA_MISMATCH')) throw error
      const message = `event ${streamPosition} of stream ${JSON.stringify(streamId)}: ${error.message}`
      throw new EventStoreError('SCHEMA_MISMATCH', message, {
        field: error.field ?? 'data',
        cause: error.cause,
      })
    }
  }

  async #validateNew(event: NewEvent, field: string): Promise<ValidEvent> {
    if (typeof event !== 'object' || event === null) throw invalidArgument(field, 'must be an object')
    const { type, schemaVersion } = event
    const definition = this.definitions.get(type)
    if (definition === undefined) {
      throw mismatch(
        `${field}.type`,
        `${quoted(type)} is not defined by the contract ${quoted(this.#category)}`,
      )
    }
    const { schema, version } = definition
    if (schemaVersion !== undefined && schemaVersion !== version) {
      throw mismatch(
        `${field}.schemaVersion`,
        `must be ${version}, the version of the schema in the contract`,
      )
    }
    const data = await validateData(schema, event.data, `${field}.data`)
    return withFields(event, { data, schemaVersion: version })
  }
}

function checkDefinition(definition: unknown, field: string): CheckedDefinition {
  // A schema may be callable, as those of ArkType are.
  if (isSchema(definition)) return { schema: definition, version: 1, earlier: undefined }
  if (!isDefinition(definition))
    throw invalidArgument(field, 'must be a Standard Schema, or { schema, version }')
  const { schema, version = 1, earlier } = definition
  checkVersion(version, `${field}.version`)
  if (earlier !== undefined && (!Array.isArray(earlier) || earlier.length >= version))
    throw invalidArgument(`${field}.earlier`, 'must be made by versions()')
  return { schema, version, earlier }
}

function isDefinition(value: unknown): value is EventDefinition {
  return typeof value === 'object' && value !== null && 'schema' in value && isSchema(value.schema)
}

function isSchema(value: unknown): value is StandardSchemaV1 {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || !('~standard' in value))
    return false
  const standard = value['~standard']
  return (
    typeof standard === 'object' &&
    standard !== null &&
    'validate' in standard &&
    typeof standard.validate === 'function'
  )
}

function checkVersion(version: unknown, field: string): void {
  if (
    typeof version !== 'number' ||
    !Number.isInteger(version) ||
    version < 1 ||
    version > MAX_SCHEMA_VERSION
  ) {
    throw invalidArgument(field, `must be an integer from 1 to ${MAX_SCHEMA_VERSION}`)
  }
}

function mismatch(field: string, message: string): EventStoreError<'SCHEMA_MISMATCH'> {
  return new EventStoreError('SCHEMA_MISMATCH', `${field}: ${message}`, { field })
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : typeof value
}
