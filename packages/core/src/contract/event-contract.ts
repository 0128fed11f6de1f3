import type { Handler, HandlerMap } from '../consumer/subscription.ts'
import type {
  AppendOptions,
  AppendResult,
  EventRead,
  EventStore,
  ReadOptions,
  StreamHead,
} from '../event-store.ts'
import type { NewEvent, RecordedEvent } from '../event.ts'
import type { StreamId } from '../stream-id.ts'
import type {
  ContractShape,
  DataInput,
  DeprecatedTypeOf,
  DeprecationOf,
  EventDefinitions,
  EventOf,
  NewEventOf,
  TypeOf,
  ValidEventOf,
} from './event-definition.ts'
import type { LegacyEvents, UnknownEvents } from './legacy-event.ts'

/** The parts of an event that a contract does not determine. */
export type EventOptions = Omit<NewEvent, 'type' | 'data' | 'schemaVersion'>

declare const NOTICE: unique symbol

/** A new event of a type that should not be written any more; it carries date and remark in its type alone. */
export interface DeprecatedEvent<Type extends string, Data, Notice> extends NewEvent<Type, Data> {
  readonly [NOTICE]?: Notice
}

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

/** How a contract reads what was stored before it was as it is. */
export interface ContractOptions<Definitions extends EventDefinitions = EventDefinitions> {
  /** Types that are not written any more, by their stored names. Default: none. */
  readonly legacy?: LegacyEvents<Definitions> | undefined
  /** Default `stop`. */
  readonly unknown?: UnknownEvents<Definitions> | undefined
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
   * Reads a stream of the category; a missing one reads as empty. Events come as {@link EventContract.current}
   * gives them; ranges and limits count what was stored.
   *
   * @throws {@link EventStoreError} `SCHEMA_MISMATCH` on an event that the contract does not know and stops at,
   *   or whose upcaster fails: its data would not be what the types say. With `validate`, also on data that its
   *   schema refuses.
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
  /** As given. */
  readonly legacy: LegacyEvents<Definitions>
  /** As given, or `stop`. */
  readonly unknown: UnknownEvents<Definitions>

  /** The same contract with another answer to events that it does not know: for one projection or handler. */
  withUnknown(unknown: UnknownEvents<Definitions>): EventContract<Category, Definitions>

  /**
   * The stream id `category:id`. A stream id of this category is returned as it is, so no id can start with
   * `category:`.
   *
   * @throws {@link EventStoreError} `INVALID_ARGUMENT`: empty, over 255 bytes with its category, with control
   *   characters or a lone surrogate.
   */
  stream(id: string): StreamId<Category>

  // Errors are told of the last overload, so the one for most events is the last.
  /**
   * An event of a type that its contract has marked: date and remark stand in the type of what it returns.
   *
   * @deprecated
   */
  event<Type extends DeprecatedTypeOf<ContractShape<Category, Definitions>>>(
    type: Type,
    data: DataInput<Definitions[Type]>,
    options?: EventOptions,
  ): DeprecatedEvent<
    Type,
    DataInput<Definitions[Type]>,
    DeprecationOf<ContractShape<Category, Definitions>, Type>
  >
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

  /**
   * What a stored event is read as, in the newest versions: itself, itself brought up by its upcasters or under its
   * new name, the parts it was split into, or nothing, as one of another category is. Every reading by this
   * contract goes through here. All that comes of one event has its `streamPosition` and `position`; what follows the first
   * has an id derived from its id, and {@link placeInStream} tells the parts apart.
   *
   * @throws {@link EventStoreError} `SCHEMA_MISMATCH`: an event that the contract does not know and stops at; an
   *   upcaster that throws (then its error is the `cause`) or returns nothing or a promise.
   */
  current(event: RecordedEvent): readonly EventOf<ContractShape<Category, Definitions>>[]

  /** The streams of this category in `store`, typed and validated. */
  store(
    store: Pick<EventStore, 'append' | 'read' | 'head'>,
  ): ContractStore<ContractShape<Category, Definitions>>

  /**
   * Handlers of a subscription: each gets the events of its type, from streams of this category alone.
   *
   * Older events are handled as {@link EventContract.current} gives them; the parts of one that was split, one
   * after the other. A type that the contract does not know passes by, unless `unknown` is a function. A schema
   * version that it does not know and stops at fails with `SCHEMA_MISMATCH`, and so, with `validate`, does data
   * that its schema refuses: the subscription's failure policy decides.
   *
   * @throws {@link EventStoreError} `INVALID_ARGUMENT`: a handler for a type that the contract does not define.
   */
  handlers<Native = unknown>(
    handlers: ContractHandlers<ContractShape<Category, Definitions>, Native>,
    options?: ValidateOption,
  ): HandlerMap<Native>

  /**
   * Whether an event is of a type of this contract (or of the given one) and of a stream of its category. What
   * was stored in an older version has older data: read it by {@link EventContract.current}.
   */
  is<Type extends keyof Definitions & string = keyof Definitions & string>(
    event: { readonly type: string; readonly streamId: string },
    type?: Type,
  ): event is EventOf<ContractShape<Category, Definitions>, Type>
}
