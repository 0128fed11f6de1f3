import { EventStoreError } from '@eventspine/core'
import { classifyError } from './classify-error.ts'
import type { PostgresClient, PostgresPool, PostgresPoolClient, QueryResult } from './client.ts'
import type { Driver, Row, Statement, TransactionRunner, Value } from './driver.ts'

/**
 * Of its own for every query: programs change the parsers of the `pg` module for all (some libraries do so
 * without a word), and ours must neither suffer from that nor do the same to them.
 */
const rawText = {
  getTypeParser:
    () =>
    (value: string): string =>
      value,
}

export interface PgDriverOptions<Client extends PostgresPoolClient> {
  readonly pool: PostgresPool<Client>
  /** Prepare statements by name. */
  readonly preparedStatements: boolean
  /** Ends the pool; absent for a pool of the caller's. */
  readonly end?: (() => Promise<void>) | undefined
}

/** A {@link Driver} over a pool of `pg`. */
export class PgDriver<Client extends PostgresPoolClient> implements Driver<Client> {
  readonly source: object
  readonly parsesJson = false
  readonly #pool: PostgresPool<Client>
  readonly #preparedStatements: boolean
  readonly #end: (() => Promise<void>) | undefined

  constructor({ pool, preparedStatements, end }: PgDriverOptions<Client>) {
    this.source = pool
    this.#pool = pool
    this.#preparedStatements = preparedStatements
    this.#end = end
  }

  run(statement: Statement, values: readonly Value[]): Promise<readonly Row[]> {
    return this.#withClient((client) =>
      query(client, statement, values, statement.writes, this.#preparedStatements),
    )
  }

  transaction<Result>(work: (transaction: TransactionRunner<Client>) => Promise<Result>): Promise<Result> {
    return this.#withClient(async (client) => {
      // Whatever the server's default: in another isolation level a lock gives no view of what it waited for.
      await command(client, 'begin isolation level read committed', false)
      let result: Result
      try {
        result = await work(this.within(client))
      } catch (error) {
        await this.#rollback(client)
        throw error
      }
      const { command: done } = await command(client, 'commit', true)
      if (done === 'ROLLBACK') {
        // The server says so and no error when a statement had failed and `work` went on regardless.
        throw new EventStoreError(
          'BACKEND_FAILED',
          'postgres: a statement of the transaction had failed, so it was rolled back',
        )
      }
      return result
    })
  }

  within(native: Client): TransactionRunner<Client> {
    return {
      native,
      run: (statement, values) => query(native, statement, values, false, this.#preparedStatements),
      script: async (text) => {
        await command(native, text, false)
      },
    }
  }

  async close(): Promise<void> {
    await this.#end?.()
  }

  /** What the caller's error says is worth more than that the connection was gone at the rollback too. */
  async #rollback(client: Client): Promise<void> {
    try {
      await command(client, 'rollback', false)
    } catch (error) {
      broken.set(client, error)
    }
  }

  async #withClient<Result>(work: (client: Client) => Promise<Result>): Promise<Result> {
    const { client, stopListening } = await this.#take()
    try {
      return await work(client)
    } finally {
      stopListening()
      client.release(broken.has(client))
    }
  }

  /**
   * Takes a client out of the pool and listens to its errors from that moment on: nobody else does while it is
   * out, and an 'error' that nobody listens to ends the process. By a promise the client would come a moment
   * later, in which a dying server's last words, sent along with its welcome, find no listener.
   */
  #take(): Promise<{ readonly client: Client; readonly stopListening: () => void }> {
    return new Promise((resolve, reject) => {
      const taken = (error: Error | undefined, client: Client | undefined): void => {
        if (client === undefined) {
          reject(classifyError(error, { phase: 'connect', writes: false }))
          return
        }
        const onError = (lost: Error): void => void broken.set(client, lost)
        client.on('error', onError)
        resolve({ client, stopListening: () => void client.removeListener('error', onError) })
      }
      this.#pool.connect(taken)
    })
  }
}

/** Clients that must not go back to their pool. */
const broken = new WeakMap<object, unknown>()

async function query(
  client: PostgresClient,
  { name, text, writes }: Statement,
  values: readonly Value[],
  commits: boolean,
  prepared: boolean,
): Promise<readonly Row[]> {
  try {
    // Two whole literals: one made by spreading the other is slow to make and to read in Node 20.
    const { rows } = await client.query(
      prepared
        ? { name, text, values: [...values], rowMode: 'array', types: rawText }
        : { text, values: [...values], rowMode: 'array', types: rawText },
    )
    // Asked for as arrays of text.
    return rows as Row[]
  } catch (error) {
    throw failed(client, error, commits && writes)
  }
}

async function command(client: PostgresClient, text: string, commits: boolean): Promise<QueryResult> {
  try {
    return await client.query(text)
  } catch (error) {
    throw failed(client, error, commits)
  }
}

function failed(client: PostgresClient, cause: unknown, writes: boolean): EventStoreError {
  const error = classifyError(cause, { phase: 'run', writes })
  const lostConnection = error.code === 'BACKEND_UNAVAILABLE' || error.outcome === 'unknown'
  if (lostConnection) broken.set(client, cause)
  return error
}
