/** One statement of the store. */
export interface Statement {
  /** Under which connections prepare it: differs whenever the text does. */
  readonly name: string
  readonly text: string
  /** Committed by itself it changes the store. */
  readonly writes: boolean
}

/** Numbers and text only: no driver serialises these in a way of its own. */
export type Value = string | number | null

/** Columns as the text that the server sent. */
export type Row = readonly (string | null)[]

/** Runs statements one at a time, on whatever connection. Whatever it throws is classified. */
export interface Runner {
  /** @param waitMs - how long to wait for others where this driver has but one connection. */
  run(statement: Statement, values: readonly Value[], waitMs?: number): Promise<readonly Row[]>
}

/** Runs statements on the connection of one open transaction. */
export interface TransactionRunner<Native> extends Runner {
  /** The driver's own client within the transaction. */
  readonly native: Native
  /** Several statements in one text, without values. */
  script(text: string): Promise<void>
}

/**
 * The one way to a database. Its two implementations know nothing of stores; nothing else knows drivers.
 */
export interface Driver<Native> extends Runner {
  /** The pool or database underneath, which several stores may share. */
  readonly source: object
  /** Gives columns of json as what they hold instead of as text: they have to be sent as text. */
  readonly parsesJson: boolean
  /** Commits when `work` resolves and rolls back when it rejects. The transaction is read committed. */
  transaction<Result>(work: (transaction: TransactionRunner<Native>) => Promise<Result>): Promise<Result>
  /** Works on a transaction that the caller opened and will end. */
  within(native: Native): TransactionRunner<Native>
  /** Ends what the driver made itself. */
  close(): Promise<void>
}
