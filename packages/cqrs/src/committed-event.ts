import type { DataOutput, EventDefinitions, EventMetadata, StreamId } from '@eventspine/core'

/** An event that a command led to. */
export interface CommittedEvent<
  Category extends string = string,
  Type extends string = string,
  Data = unknown,
> {
  readonly id: string
  readonly type: Type
  readonly schemaVersion: number
  readonly streamId: StreamId<Category>
  readonly streamPosition: number
  readonly data: Data
  readonly metadata: EventMetadata
}

/** The committed events of a contract as a union that narrows on `type`. */
export type CommittedEventOf<Category extends string, Definitions extends EventDefinitions> = {
  [Type in keyof Definitions & string]: CommittedEvent<Category, Type, DataOutput<Definitions[Type]>>
}[keyof Definitions & string]
