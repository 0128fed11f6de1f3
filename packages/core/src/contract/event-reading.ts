import { EventStoreError, invalidArgument } from '../error.ts'
import type { RecordedEvent } from '../event.ts'
import { checkName } from '../stream-id.ts'
import type { CheckedDefinition } from './event-schemas.ts'
import { MAX_TYPE_BYTES } from './event-schemas.ts'
import { EventView } from './event-view.ts'
import type { LegacyEvent, LegacyEvents, ReadPart, UnknownEvents } from './legacy-event.ts'
import { derivedId } from './derived-id.ts'

export interface ReadingOptions {
  readonly legacy: LegacyEvents
  readonly unknown: UnknownEvents
}

type PlainPart = Omit<ReadPart, 'schemaVersion'> & { readonly schemaVersion?: number | undefined }

/** How stored events are read as events of a contract in its newest versions. */
export class EventReading {
  readonly #category: string
  readonly #definitions: ReadonlyMap<string, CheckedDefinition>
  readonly #legacy: ReadonlyMap<string, string | LegacyEvent>
  readonly #unknown: UnknownEvents

  /** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the entry or option. */
  constructor(
    category: string,
    definitions: ReadonlyMap<string, CheckedDefinition>,
    { legacy, unknown }: ReadingOptions,
  ) {
    this.#category = category
    this.#definitions = definitions
    this.#legacy = checkLegacy(legacy, definitions)
    if (unknown !== 'stop' && unknown !== 'skip' && typeof unknown !== 'function')
      throw invalidArgument('unknown', 'must be "stop", "skip" or a function')
    this.#unknown = unknown
  }

  /** Types of stored events that may be read as one of `types`; `all` where that cannot be told. */
  storedTypes(types: readonly string[]): readonly string[] | 'all' {
    if (typeof this.#unknown === 'function') return 'all'
    const wanted = new Set(types)
    if (wanted.size > 0) {
      // What a function makes of an event is known only when it was called.
      for (const [type, read] of this.#legacy)
        if (typeof read !== 'string' || wanted.has(read)) wanted.add(type)
    }
    return [...wanted]
  }

  /** Whether an event is read as it was stored. */
  isCurrent(event: RecordedEvent): boolean {
    const definition = this.#definitions.get(event.type)
    if (definition === undefined) return false
    const { version, earlier } = definition
    return event.schemaVersion === version || (event.schemaVersion < version && earlier === undefined)
  }

  /**
   * What a stored event is read as, in order.
   *
   * @throws {@link EventStoreError} `SCHEMA_MISMATCH`: unknown, or a step of its reading failed.
   */
  current(event: RecordedEvent): readonly RecordedEvent[] {
    if (this.isCurrent(event)) return [event]
    const { type, schemaVersion, data } = event
    const legacy = this.#legacy.get(type)
    if (typeof legacy === 'object') {
      const { read } = legacy
      // Sound: `readAs` has paired the function with the schema of what was stored under this type.
      return this.#parts(event, () => read(data as never, event))
    }
    const name = legacy ?? type
    if (this.#knows(name, schemaVersion))
      return [this.#part({ type: name, schemaVersion, data }, event, 0, 1)]
    if (this.#unknown === 'skip') return []
    if (this.#unknown === 'stop') throw this.#refusal(event, name)
    const read = this.#unknown
    return this.#parts(event, () => read(event))
  }

  /** What a page is read as, in the direction of the read. */
  currentPage(
    page: readonly RecordedEvent[],
    direction: 'forward' | 'backward' = 'forward',
  ): readonly RecordedEvent[] {
    // Most pages are of one contract version, and are handed on as they are.
    if (page.every((event) => this.isCurrent(event))) return page
    return page.flatMap((event) => {
      const events = this.current(event)
      return direction === 'forward' ? events : events.toReversed()
    })
  }

  #parts(event: RecordedEvent, read: () => unknown): readonly RecordedEvent[] {
    const parts = run(event, 'its reading', read)
    const list: readonly unknown[] = Array.isArray(parts) ? parts : [parts]
    return list.map((part, index) => this.#part(checkPart(part, event), event, index, list.length))
  }

  #part(part: PlainPart, event: RecordedEvent, index: number, parts: number): RecordedEvent {
    const { type } = part
    const definition = this.#definitions.get(type)
    if (definition === undefined) {
      const what = `is read as ${JSON.stringify(type)}, which the contract ${JSON.stringify(this.#category)} does not define`
      throw mismatch(event, 'type', what)
    }
    const { version, earlier = [] } = definition
    const from = part.schemaVersion ?? version
    if (!this.#knows(type, from)) {
      const what = `is read as ${JSON.stringify(type)} in schema version ${from}, which the contract does not know`
      throw mismatch(event, 'schemaVersion', what)
    }
    let { data } = part
    for (const [step, { upcast }] of earlier.slice(earlier.length - (version - from)).entries()) {
      // Sound: what the upcaster takes is data of its own version, stored or made by the one before.
      data = run(event, `the upcaster from version ${from + step}`, () => upcast(data as never, event))
    }
    const id = index === 0 ? event.id : derivedId(event.id, index)
    // Exact for the last: an integer less nothing.
    const place = event.streamPosition - (parts - 1 - index) / parts
    return new EventView(event, { id, type, schemaVersion: version, data, place })
  }

  #knows(type: string, schemaVersion: number): boolean {
    const definition = this.#definitions.get(type)
    if (definition === undefined) return false
    const { version, earlier } = definition
    const first = earlier === undefined ? 1 : version - earlier.length
    return Number.isInteger(schemaVersion) && schemaVersion >= first && schemaVersion <= version
  }

  #refusal(event: RecordedEvent, name: string): EventStoreError {
    const { type, schemaVersion } = event
    const definition = this.#definitions.get(name)
    if (definition === undefined) {
      const contract = JSON.stringify(this.#category)
      return mismatch(
        event,
        'type',
        `is of type ${JSON.stringify(type)}, which the contract ${contract} does not define`,
      )
    }
    const { version, earlier = [] } = definition
    const known =
      schemaVersion > version ? `up to ${version}` : `no version before ${version - earlier.length}`
    const what = `is of type ${JSON.stringify(type)} in schema version ${schemaVersion}, the contract knows ${known}`
    return mismatch(event, 'schemaVersion', what)
  }
}

function checkLegacy(
  legacy: unknown,
  definitions: ReadonlyMap<string, CheckedDefinition>,
): ReadonlyMap<string, string | LegacyEvent> {
  if (typeof legacy !== 'object' || legacy === null) throw invalidArgument('legacy', 'must be an object')
  const checked = new Map<string, string | LegacyEvent>()
  for (const [type, read] of Object.entries(legacy)) {
    const field = `legacy.${type}`
    checkName(type, field, MAX_TYPE_BYTES)
    if (definitions.has(type)) throw invalidArgument(field, 'is also a type of the contract')
    if (typeof read === 'string') {
      if (!definitions.has(read)) throw invalidArgument(field, 'must name a type of the contract')
      checked.set(type, read)
    } else if (isLegacyEvent(read)) {
      checked.set(type, read)
    } else {
      throw invalidArgument(field, 'must be a type of the contract, or made by readAs')
    }
  }
  return checked
}

function isLegacyEvent(value: unknown): value is LegacyEvent {
  return typeof value === 'object' && value !== null && 'read' in value && typeof value.read === 'function'
}

/** Runs a function of the user's that must be pure: it answers at once, with something. */
function run(event: RecordedEvent, what: string, step: () => unknown): unknown {
  let result: unknown
  try {
    result = step()
  } catch (error) {
    throw mismatch(event, 'data', `could not be read: ${what} threw`, error)
  }
  if (
    result === undefined ||
    (typeof result === 'object' && result !== null && 'then' in result && typeof result.then === 'function')
  )
    throw mismatch(
      event,
      'data',
      `could not be read: ${what} returned ${result === undefined ? 'nothing' : 'a promise'}`,
    )
  return result
}

function checkPart(part: unknown, event: RecordedEvent): PlainPart {
  if (typeof part === 'object' && part !== null && 'type' in part && typeof part.type === 'string') {
    const data = 'data' in part ? part.data : undefined
    const schemaVersion = 'schemaVersion' in part ? part.schemaVersion : undefined
    if (schemaVersion === undefined || typeof schemaVersion === 'number')
      return { type: part.type, data, schemaVersion }
  }
  throw mismatch(event, 'data', 'could not be read: its reading returned something that is no event')
}

function mismatch(event: RecordedEvent, field: string, what: string, cause?: unknown): EventStoreError {
  const message = `event ${event.streamPosition} of stream ${JSON.stringify(event.streamId)} ${what}`
  return new EventStoreError('SCHEMA_MISMATCH', message, { field, cause })
}
