import type { Handler, HandlerMap } from '../consumer/subscription.ts'
import type {
  AppendOptions,
  AppendResult,
  EventRead,
  EventStore,
  ReadOptions,
  StreamHead,
} from '../event-store.ts'
import type { NewEvent } from '../event.ts'
import type { StreamId } from '../stream-id.ts'
import type {
  ContractShape,
  DataInput,
  EventDefinitions,
  EventOf,
  NewEventOf,
  TypeOf,
  ValidEventOf,
} from './event-definition.ts'

/** The parts of an event that a contract does not determine. */
export type EventOptions = Omit<NewEvent, 'type' | 'data' | 'schemaVersion'>

export interface ValidateOption {
  /**
   * Run the schemas on what was stored; `data` is then their output, so defaults added later are filled in.
   * Needs schemas that accept their own output. Default `false`: what was stored is trusted.
   */
  readonly validate?: boolean | undefined
}

/** Handlers by event type. Types left out pass by. */
export type ContractHandlers<Contract extends ContractShape, Native = unknown> = {
  readonly [Type in TypeOf<Contract>]?: Handler<Native, EventOf<Contract, Type>>
}

/** An event store seen through a contract; made by {@link EventContract.store}. */
export interface ContractStore<Contract extends ContractShape> {
  /**
   * Validates all events, then appends them to a stream of the category as {@link EventStore.append} does.
   * What is stored is the schemas' output.
   *
   * @param stream - the id within the category, or the whole stream id.
   * @throws {@link EventStoreError} `SCHEMA_MISMATCH` before any I/O, with the path of the first issue as
   *   `field` (`events[1].data.amount`): an unknown type, another schema version, data that its schema
   *   refuses, or a schema that throws. Nothing was written. Else as of {@link EventStore.append}.
   */
  append(
    stream: StreamId<Contract['category']>,
    events: readonly NewEventOf<Contract>[],
    options?: AppendOptions,
  ): Promise<AppendResult>

  /**
   * Reads a stream of the category; a missing one reads as empty.
   *
   * @throws {@link EventStoreError} `SCHEMA_MISMATCH` on an event whose type the contract does not define, or
   *   whose schema version is newer than the contract's: its data would not be what the types say. With
   *   `validate`, also on data that its schema refuses.
   */
  read(
    stream: StreamId<Contract['category']>,
    options?: ReadOptions & ValidateOption,
  ): EventRead<EventOf<Contract>>

  head(stream: StreamId<Contract['category']>): Promise<StreamHead>
}

/**
 * The event types of one category of streams, with the schemas of their data: the one place from which
 * producers, readers, handlers, deciders and projections have their types. Made by {@link defineEvents}.
 */
export interface EventContract<
  Category extends string = string,
  Definitions extends EventDefinitions = EventDefinitions,
> extends ContractShape<Category, Definitions> {
  /** What stands before the first `:` of its stream ids. */
  readonly category: Category
  /** As given: spread it to compose contracts. */
  readonly definitions: Definitions

  /**
   * The stream id `category:id`. A stream id of this category is returned as it is, so no id can start with
   * `category:`.
   *
   * @throws {@link EventStoreError} `INVALID_ARGUMENT`: empty, over 255 bytes with its category, with control
   *   characters or a lone surrogate.
   */
  stream(id: string): StreamId<Category>

  /** An event for {@link ContractStore.append}, typed by its schema's input. It is validated when appended. */
  event<Type extends keyof Definitions & string>(
    type: Type,
    data: DataInput<Definitions[Type]>,
    options?: EventOptions,
  ): NewEvent<Type, DataInput<Definitions[Type]>>

  /**
   * Validates events and returns them with their schemas' output, in order.
   *
   * @throws {@link EventStoreError} `SCHEMA_MISMATCH` as of {@link ContractStore.append}.
   */
  validate(
    events: readonly NewEventOf<ContractShape<Category, Definitions>>[],
  ): Promise<readonly ValidEventOf<ContractShape<Category, Definitions>>[]>

  /** The streams of this category in `store`, typed and validated. */
  store(
    store: Pick<EventStore, 'append' | 'read' | 'head'>,
  ): ContractStore<ContractShape<Category, Definitions>>

  /**
   * Handlers of a subscription: each gets the events of its type, from streams of this category alone.
   *
   * An event of a newer schema version than the contract's fails with `SCHEMA_MISMATCH`, and so, with
   * `validate`, does data that its schema refuses: the subscription's failure policy decides.
   *
   * @throws {@link EventStoreError} `INVALID_ARGUMENT`: a handler for a type that the contract does not define.
   */
  handlers<Native = unknown>(
    handlers: ContractHandlers<ContractShape<Category, Definitions>, Native>,
    options?: ValidateOption,
  ): HandlerMap<Native>

  /** Whether an event is of a type of this contract (or of the given one) and of a stream of its category. */
  is<Type extends keyof Definitions & string = keyof Definitions & string>(
    event: { readonly type: string; readonly streamId: string },
    type?: Type,
  ): event is EventOf<ContractShape<Category, Definitions>, Type>
}
