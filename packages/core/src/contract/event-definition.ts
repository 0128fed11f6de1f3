import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { NewEvent, RecordedEvent } from '../event.ts'
import type { StreamId } from '../stream-id.ts'

/** An event type of a contract with the version of its schema. */
export interface EventDefinition<Schema extends StandardSchemaV1 = StandardSchemaV1> {
  /** Of any Standard Schema library; what is stored is its output. */
  readonly schema: Schema
  /** Stored with each event as its `schemaVersion`, from 1. Default 1. */
  readonly version?: number
  /**
   * The versions before, the oldest first, each with the step to the next; made by `versions`. Older events
   * than these are not known. Absent: whatever is older is read as it was stored.
   */
  readonly earlier?: readonly EarlierVersion[]
  /** The type is still read, but no longer meant to be written; made by `deprecated`. */
  readonly deprecated?: Deprecation
}

/** A version of an event's schema that has a successor. */
export interface EarlierVersion {
  readonly schema: StandardSchemaV1
  /** From data of this version to data of the next. Pure: it changes neither argument and reads no clock. */
  readonly upcast: (data: never, event: RecordedEvent) => unknown
}

/** Since when, and what to use instead. */
export interface Deprecation {
  /** A date: `2026-11-21`. */
  readonly since: string
  readonly remark: string
}

/** Event types of a contract by name: a schema, or a schema with its version. */
export type EventDefinitions = Readonly<Record<string, StandardSchemaV1 | EventDefinition>>

/** What {@link EventOf} and its siblings need of a contract: cheap to infer from, whatever its size. */
export interface ContractShape<
  Category extends string = string,
  Definitions extends EventDefinitions = EventDefinitions,
> {
  readonly category: Category
  readonly definitions: Definitions
}

// The schema is asked for by its one property: comparing whole schema types is what makes large contracts slow.
type TypesOf<Definition> = Definition extends { readonly '~standard': { readonly types?: infer Types } }
  ? NonNullable<Types>
  : Definition extends { readonly schema: { readonly '~standard': { readonly types?: infer Types } } }
    ? NonNullable<Types>
    : never

/** What a producer gives as `data`: the schema's input. */
export type DataInput<Definition> =
  TypesOf<Definition> extends { readonly input: infer Input } ? Input : never

/** What is stored and read as `data`: the schema's output. */
export type DataOutput<Definition> =
  TypesOf<Definition> extends { readonly output: infer Output } ? Output : never

/** The event types of a contract. */
export type TypeOf<Contract extends ContractShape> = keyof Contract['definitions'] & string

/** The event types of a contract that are marked as deprecated. */
export type DeprecatedTypeOf<Contract extends ContractShape> = {
  [Type in TypeOf<Contract>]: Contract['definitions'][Type] extends { readonly deprecated: Deprecation }
    ? Type
    : never
}[TypeOf<Contract>]

/** Since when a type is deprecated and why, as literals; `undefined` where it is not. */
export type DeprecationOf<
  Contract extends ContractShape,
  Type extends TypeOf<Contract>,
> = Contract['definitions'][Type] extends { readonly deprecated: infer Notice extends Deprecation }
  ? Notice
  : undefined

/** A {@link RecordedEvent} of a stream of this category. */
export interface ContractEvent<Category extends string, Type extends string, Data> extends RecordedEvent<
  Type,
  Data
> {
  readonly streamId: StreamId<Category>
}

/** A fact without its envelope: what state is folded from. Every recorded event is one. */
export interface DomainEvent<Type extends string = string, Data = unknown> {
  readonly type: Type
  readonly data: Data
}

/** An event that passed its schema: `data` is the schema's output, `schemaVersion` the contract's. */
export interface ValidEvent<Type extends string = string, Data = unknown> extends NewEvent<Type, Data> {
  readonly schemaVersion: number
}

/** The recorded events of a contract as a union that narrows on `type`; with `Type`, only those. */
export type EventOf<Contract extends ContractShape, Type extends TypeOf<Contract> = TypeOf<Contract>> = {
  [Name in Type]: ContractEvent<Contract['category'], Name, DataOutput<Contract['definitions'][Name]>>
}[Type]

/** The events of a contract as producers give them. */
export type NewEventOf<Contract extends ContractShape, Type extends TypeOf<Contract> = TypeOf<Contract>> = {
  [Name in Type]: NewEvent<Name, DataInput<Contract['definitions'][Name]>>
}[Type]

/** The events of a contract after validation, before they are stored. */
export type ValidEventOf<Contract extends ContractShape, Type extends TypeOf<Contract> = TypeOf<Contract>> = {
  [Name in Type]: ValidEvent<Name, DataOutput<Contract['definitions'][Name]>>
}[Type]

/** `type` and `data` of a contract's events: what deciders and projections fold. */
export type DomainEventOf<
  Contract extends ContractShape,
  Type extends TypeOf<Contract> = TypeOf<Contract>,
> = {
  [Name in Type]: DomainEvent<Name, DataOutput<Contract['definitions'][Name]>>
}[Type]
