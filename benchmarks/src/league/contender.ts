import type { PoolClient } from 'pg'

/** What became of an append: by the library's own words, whatever it calls them. */
export type Appended = 'appended' | 'conflict' | 'not expressible'

/** Streams of numbers, as far as every library has them. */
export interface NumberLog {
  /**
   * Appends an event for each number, provided that the stream holds `expected` events; 0 for a stream that must not be
   * there yet.
   *
   * @throws what the library throws, unless that is its way to report a conflict.
   */
  append(streamId: string, expected: number, numbers: readonly number[]): Promise<Appended>
  /** The numbers of a stream, in its order. */
  read(streamId: string): Promise<readonly number[]>
  /** The even or odd numbers of a stream, by the two tags that each event carries; only where there are tags to ask for. */
  readByTags?(streamId: string, parity: Parity): Promise<readonly number[]>
  close(): Promise<void>
}

/** A tag that the events of a stream do not share. */
export type Parity = 'even' | 'odd'

/** @returns the tag of a number. */
export function parityOf(number: number): Parity {
  return number % 2 === 0 ? 'even' : 'odd'
}

/** An event as a consumer got it. */
export interface HandledNumber {
  readonly streamId: string
  readonly number: number
}

export interface RunningConsumer {
  /** What an operator has to do once the cause of a failure is gone, as far as the library offers something. */
  resume(): Promise<void>
  close(): Promise<void>
}

/** A store in a database. */
export interface ContenderStore extends NumberLog {
  /** Tables that hold events, for faults that the trials put there. */
  readonly eventTables: readonly string[]
  /** Handles all events from the first on, and remembers how far it came under the name of the group. */
  consume?(group: string, handle: (event: HandledNumber) => Promise<void>): Promise<RunningConsumer>
  /** Appends within a transaction that the caller has begun on `client` and will end. */
  appendWithin?(
    client: PoolClient,
    streamId: string,
    expected: number,
    numbers: readonly number[],
  ): Promise<Appended>
}

/** A library of the league, through its public functions alone. */
export interface Contender {
  /** Opens a store in an empty database, or in one where it was opened before. */
  open(url: string): Promise<ContenderStore>
  /** The store in memory that the library ships for tests. */
  openMemory(): Promise<NumberLog>
}

/** Which contender, and where it is installed. */
export interface ContenderPlace {
  readonly id: string
  /** `undefined` for our own. */
  readonly folder: string | undefined
}
