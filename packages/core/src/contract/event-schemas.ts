import type { StandardSchemaV1 } from '@standard-schema/spec'
import { EventStoreError, invalidArgument } from '../error.ts'
import type { NewEvent, RecordedEvent } from '../event.ts'
import { checkName } from '../stream-id.ts'
import type { EventDefinition, EventDefinitions, ValidEvent } from './event-definition.ts'
import { EventView } from './event-view.ts'
import { validateData } from './schema-validation.ts'
import { withFields } from '../with-fields.ts'

const MAX_TYPE_BYTES = 255
const MAX_SCHEMA_VERSION = 32_767

/** The schemas of a contract at run time, by event type. */
export class EventSchemas {
  readonly #category: string
  readonly #definitions = new Map<string, Required<EventDefinition>>()

  /** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming what is no schema, type or version. */
  constructor(category: string, definitions: EventDefinitions) {
    this.#category = category
    if (typeof definitions !== 'object' || definitions === null)
      throw invalidArgument('definitions', 'must be an object')
    for (const [type, definition] of Object.entries(definitions)) {
      checkName(type, `definitions.${type}`, MAX_TYPE_BYTES)
      this.#definitions.set(type, checkDefinition(definition, `definitions.${type}`))
    }
  }

  has(type: string): boolean {
    return this.#definitions.has(type)
  }

  /** The version that a new event of this type is stored with; `undefined` for an unknown type. */
  versionOf(type: string): number | undefined {
    return this.#definitions.get(type)?.version
  }

  /** Validates events to be appended. One after the other, so that the first at fault is the one reported. */
  async validate(events: readonly NewEvent[]): Promise<ValidEvent[]> {
    if (!Array.isArray(events)) throw invalidArgument('events', 'must be an array')
    const valid: ValidEvent[] = []
    for (const [index, event] of events.entries())
      valid.push(await this.#validateNew(event, `events[${index}]`))
    return valid
  }

  /** Returns the events of a page, all of known types and versions. */
  known(page: readonly RecordedEvent[]): readonly RecordedEvent[] {
    for (const event of page) this.#definitionOf(event)
    return page
  }

  /** The events of a page with their data run through their schemas. */
  async validated(page: readonly RecordedEvent[]): Promise<readonly RecordedEvent[]> {
    const views: RecordedEvent[] = []
    for (const event of page) views.push(await this.validatedOne(event))
    return views
  }

  async validatedOne(event: RecordedEvent): Promise<RecordedEvent> {
    const { schema } = this.#definitionOf(event)
    const { streamId, streamPosition, data } = event
    try {
      return new EventView(event, await validateData(schema, data, 'data'))
    } catch (error) {
      if (!EventStoreError.is(error, 'SCHEMA_MISMATCH')) throw error
      const message = `event ${streamPosition} of stream ${JSON.stringify(streamId)}: ${error.message}`
      throw new EventStoreError('SCHEMA_MISMATCH', message, {
        field: error.field ?? 'data',
        cause: error.cause,
      })
    }
  }

  /** Refuses an event whose data would not be what the contract's types say. */
  checkKnown(event: RecordedEvent): void {
    this.#definitionOf(event)
  }

  async #validateNew(event: NewEvent, field: string): Promise<ValidEvent> {
    if (typeof event !== 'object' || event === null) throw invalidArgument(field, 'must be an object')
    const { type, schemaVersion } = event
    const definition = this.#definitions.get(type)
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

  #definitionOf(event: RecordedEvent): Required<EventDefinition> {
    const definition = this.#definitions.get(event.type)
    if (definition !== undefined && event.schemaVersion <= definition.version) return definition
    const { type, schemaVersion, streamId, streamPosition } = event
    const what =
      definition === undefined
        ? `type ${quoted(type)}, which the contract ${quoted(this.#category)} does not define`
        : `type ${quoted(type)} in schema version ${schemaVersion}, the contract knows up to ${definition.version}`
    throw new EventStoreError(
      'SCHEMA_MISMATCH',
      `event ${streamPosition} of stream ${quoted(streamId)} is of ${what}`,
      {
        field: definition === undefined ? 'type' : 'schemaVersion',
      },
    )
  }
}

function checkDefinition(definition: unknown, field: string): Required<EventDefinition> {
  // A schema may be callable, as those of ArkType are.
  if (isSchema(definition)) return { schema: definition, version: 1 }
  if (
    typeof definition === 'object' &&
    definition !== null &&
    'schema' in definition &&
    isSchema(definition.schema)
  ) {
    const version = 'version' in definition ? definition.version : undefined
    return { schema: definition.schema, version: checkVersion(version ?? 1, `${field}.version`) }
  }
  throw invalidArgument(field, 'must be a Standard Schema, or { schema, version }')
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

function checkVersion(version: unknown, field: string): number {
  if (
    typeof version !== 'number' ||
    !Number.isInteger(version) ||
    version < 1 ||
    version > MAX_SCHEMA_VERSION
  ) {
    throw invalidArgument(field, `must be an integer from 1 to ${MAX_SCHEMA_VERSION}`)
  }
  return version
}

function mismatch(field: string, message: string): EventStoreError<'SCHEMA_MISMATCH'> {
  return new EventStoreError('SCHEMA_MISMATCH', `${field}: ${message}`, { field })
}

function quoted(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : typeof value
}
