/*
 * The parts of `pg` and PGlite that are used, so that neither has to be installed for the other, nor their
 * types for ours. `test/client.test-d.ts` holds them against the real ones.
 */

/** A result: only its rows and the tag of the command are looked at. */
export interface QueryResult {
  readonly rows: unknown[]
  readonly command?: string
}

/** A query for {@link PostgresClient}: rows come as arrays, values as the text that the server sent. */
export interface PostgresQuery {
  name?: string
  text: string
  values?: unknown[]
  rowMode: 'array'
  types: { getTypeParser(): (value: string) => unknown }
}

/** A connection of `pg`: a `PoolClient`, or a `Client` of one's own. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<QueryResult>
  query(text: string): Promise<QueryResult>
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
}

/** A connection that goes back to its pool; with `true` it is closed instead. */
export interface PostgresPoolClient extends PostgresClient {
  release(destroy?: boolean): void
}

/** A pool of `pg`. The second signature is not called: inference of `Client` needs all that the pool has. */
export interface PostgresPool<Client extends PostgresPoolClient = PostgresPoolClient> {
  connect(): Promise<Client>
  connect(callback: (...results: never[]) => void): void
}

/** How {@link PgliteClient} is asked: rows as arrays. */
export interface PgliteQueryOptions {
  rowMode: 'array'
}

/** An open transaction of PGlite. */
export interface PgliteTransaction {
  query(text: string, values?: unknown[], options?: PgliteQueryOptions): Promise<QueryResult>
  exec(text: string): Promise<unknown>
}

/** A database of PGlite. */
export interface PgliteClient<Native extends PgliteTransaction = PgliteTransaction> {
  query(text: string, values?: unknown[], options?: PgliteQueryOptions): Promise<QueryResult>
  transaction<Result>(work: (transaction: Native) => Promise<Result>): Promise<Result>
}
