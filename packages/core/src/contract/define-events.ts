import type { HandlerContext, HandlerMap } from '../consumer/subscription.ts'
import { invalidArgument } from '../error.ts'
import type { EventStore } from '../event-store.ts'
import type { NewEvent, RecordedEvent } from '../event.ts'
import { categoryOf, checkName, checkStreamId, MAX_STREAM_ID_BYTES, type StreamId } from '../stream-id.ts'
import { ValidatingStore } from './contract-store.ts'
import type {
  ContractHandlers,
  ContractOptions,
  ContractStore,
  EventContract,
  EventOptions,
  ValidateOption,
} from './event-contract.ts'
import type {
  ContractShape,
  DataInput,
  EventDefinitions,
  EventOf,
  NewEventOf,
  ValidEventOf,
} from './event-definition.ts'
import { EventReading } from './event-reading.ts'
import { EventSchemas } from './event-schemas.ts'
import type { LegacyEvents, UnknownEvents } from './legacy-event.ts'
import { withFields } from '../with-fields.ts'

/**
 * Defines the events of a category of streams by their schemas, of any Standard Schema library:
 *
 * ```ts
 * const account = defineEvents('bank-account', {
 *   AccountOpened: z.object({ owner: z.string() }),
 *   MoneyDeposited: { schema: z.object({ cents: z.number().positive() }), version: 2 },
 * })
 * ```
 *
 * An event type whose data changed over the years is defined by `versions`, one that should not be written any
 * more by `deprecated`, one that has another name today under `options.legacy`.
 *
 * @param category - what stands before the first `:` of its stream ids: no `:` within, no `$` or `@` in front.
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` naming what is no category, type, schema, version or option.
 */
export function defineEvents<Category extends string, Definitions extends EventDefinitions>(
  category: Category,
  definitions: Definitions,
  options: ContractOptions<NoInfer<Definitions>> = {},
): EventContract<Category, Definitions> {
  // One byte for the colon, one at least for the id.
  checkName(category, 'category', MAX_STREAM_ID_BYTES - 2)
  checkStreamId(category, 'category')
  if (category.includes(':'))
    throw invalidArgument('category', 'must not hold ":", which ends it in stream ids')
  return new DefinedEvents(category, definitions, options)
}

class DefinedEvents<Category extends string, Definitions extends EventDefinitions> implements EventContract<
  Category,
  Definitions
> {
  readonly category: Category
  readonly definitions: Definitions
  readonly legacy: LegacyEvents<Definitions>
  readonly unknown: UnknownEvents<Definitions>
  readonly #schemas: EventSchemas
  readonly #reading: EventReading
  readonly #prefix: string

  constructor(
    category: Category,
    definitions: Definitions,
    { legacy = {}, unknown = 'stop' }: ContractOptions<Definitions>,
  ) {
    this.category = category
    this.#prefix = `${category}:`
    this.definitions = definitions
    this.legacy = legacy
    this.unknown = unknown
    this.#schemas = new EventSchemas(category, definitions)
    this.#reading = new EventReading(category, this.#schemas.definitions, { legacy, unknown })
  }

  withUnknown(unknown: UnknownEvents<Definitions>): EventContract<Category, Definitions> {
    return new DefinedEvents(this.category, this.definitions, { legacy: this.legacy, unknown })
  }

  stream(id: string): StreamId<Category> {
    const prefix = this.#prefix
    const ownId = typeof id === 'string' && id.startsWith(prefix) ? id.slice(prefix.length) : id
    checkName(ownId, 'id', MAX_STREAM_ID_BYTES - Buffer.byteLength(prefix))
    return prefix + ownId
  }

  event<Type extends keyof Definitions & string>(
    type: Type,
    data: DataInput<Definitions[Type]>,
    options: EventOptions = {},
  ): NewEvent<Type, DataInput<Definitions[Type]>> {
    const schemaVersion = this.#schemas.versionOf(type)
    if (schemaVersion === undefined)
      throw invalidArgument('type', `is not defined by the contract "${this.category}"`)
    return withFields(options, { type, data, schemaVersion })
  }

  async validate(
    events: readonly NewEventOf<ContractShape<Category, Definitions>>[],
  ): Promise<readonly ValidEventOf<ContractShape<Category, Definitions>>[]> {
    const valid: readonly unknown[] = await this.#schemas.validate(events)
    // Sound: each event has a defined type, and its data is the output of that type's schema.
    return valid as readonly ValidEventOf<ContractShape<Category, Definitions>>[]
  }

  current(event: RecordedEvent): readonly EventOf<ContractShape<Category, Definitions>>[] {
    const isOwn = event.streamId.startsWith(this.#prefix)
    const events: readonly unknown[] = isOwn ? this.#reading.current(event) : []
    // Sound: each is of a defined type in its newest version.
    return events as readonly EventOf<ContractShape<Category, Definitions>>[]
  }

  store(
    store: Pick<EventStore, 'append' | 'read' | 'head'>,
  ): ContractStore<ContractShape<Category, Definitions>> {
    return new ValidatingStore(this, this.#schemas, this.#reading, store)
  }

  handlers<Native = unknown>(
    handlers: ContractHandlers<ContractShape<Category, Definitions>, Native>,
    options: ValidateOption = {},
  ): HandlerMap<Native> {
    // Sound: an entry is only called with events of its own type, which it is looked up by.
    const entries = Object.entries(handlers) as [
      string,
      ((event: RecordedEvent, context: HandlerContext<Native>) => unknown) | undefined,
    ][]
    const byType = new Map(entries)
    for (const [type, handler] of byType) {
      if (!this.#schemas.has(type))
        throw invalidArgument(`handlers.${type}`, `is not an event of the contract "${this.category}"`)
      if (handler === undefined) byType.delete(type)
      else if (typeof handler !== 'function') throw invalidArgument(`handlers.${type}`, 'must be a function')
    }
    const types = this.#reading.storedTypes([...byType.keys()])
    const isAsked = types === 'all' ? undefined : new Set(types)
    return {
      types,
      category: this.category,
      handle: async (event, context) => {
        if (categoryOf(event.streamId) !== this.category || isAsked?.has(event.type) === false) return
        const events = this.#reading.current(event)
        // All are validated before the first is handled: what will fail should fail without effects.
        const valid = options.validate === true ? await this.#schemas.validated(events) : events
        for (const one of valid) await byType.get(one.type)?.(one, context)
      },
    }
  }

  is<Type extends keyof Definitions & string = keyof Definitions & string>(
    event: { readonly type: string; readonly streamId: string },
    type?: Type,
  ): event is EventOf<ContractShape<Category, Definitions>, Type> {
    return (
      (type === undefined || event.type === type) &&
      this.#schemas.has(event.type) &&
      categoryOf(event.streamId) === this.category
    )
  }
}
