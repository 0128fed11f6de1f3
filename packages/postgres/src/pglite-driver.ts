import { classifyError } from './classify-error.ts'
import type { PgliteClient, PgliteTransaction } from './client.ts'
import type { Driver, Row, Statement, TransactionRunner, Value } from './driver.ts'
import { gateOf, type TransactionGate } from './transaction-gate.ts'

const probe: Statement = { name: 'probe', text: 'select null', writes: false }

export interface PgliteDriverOptions<Native extends PgliteTransaction> {
  readonly client: PgliteClient<Native>
  /** How long statements wait for an open transaction unless they say. */
  readonly lockTimeoutMs: number
  /** Ends the database; absent for one of the caller's. */
  readonly end?: (() => Promise<void>) | undefined
}

/** A {@link Driver} over PGlite: one process, one connection. */
export class PgliteDriver<Native extends PgliteTransaction> implements Driver<Native> {
  readonly source: object
  readonly parsesJson = true
  readonly #client: PgliteClient<Native>
  readonly #lockTimeoutMs: number
  readonly #end: (() => Promise<void>) | undefined
  readonly #gate: TransactionGate

  constructor({ client, lockTimeoutMs, end }: PgliteDriverOptions<Native>) {
    this.source = client
    this.#client = client
    this.#lockTimeoutMs = lockTimeoutMs
    this.#end = end
    this.#gate = gateOf(client)
  }

  run(statement: Statement, values: readonly Value[], waitMs = this.#lockTimeoutMs): Promise<readonly Row[]> {
    return this.#gate.whenOpen(waitMs, () => query(this.#client, statement, values, statement.writes))
  }

  async transaction<Result>(
    work: (transaction: TransactionRunner<Native>) => Promise<Result>,
  ): Promise<Result> {
    const open = await this.#gate.close(this.#lockTimeoutMs)
    const thrown: unknown[] = []
    try {
      return await this.#client.transaction(async (native) => {
        try {
          const transaction = this.within(native)
          await transaction.script('set transaction isolation level read committed')
          const result = await work(transaction)
          // A commit after a failed statement rolls back; that it says so is not certain in every version.
          await transaction.run(probe, [])
          return result
        } catch (error) {
          thrown.push(error)
          throw error
        }
      })
    } catch (error) {
      if (thrown.length > 0) throw thrown[0]
      throw classifyError(withoutValues(error), { phase: 'run', writes: true })
    } finally {
      open()
    }
  }

  within(native: Native): TransactionRunner<Native> {
    return {
      native,
      run: (statement, values) => query(native, statement, values, false),
      script: async (text) => {
        try {
          await native.exec(text)
        } catch (error) {
          throw classifyError(withoutValues(error), { phase: 'run', writes: false })
        }
      },
    }
  }

  async close(): Promise<void> {
    await this.#end?.()
  }
}

async function query(
  client: Pick<PgliteTransaction, 'query'>,
  { text }: Statement,
  values: readonly Value[],
  writes: boolean,
): Promise<readonly Row[]> {
  try {
    const { rows } = await client.query(text, [...values], { rowMode: 'array' })
    // Asked for as arrays; all columns are text, so that PGlite has nothing to parse. Parsers of our own it would merge
    // with hundreds of its own in each call.
    return rows as Row[]
  } catch (error) {
    throw classifyError(withoutValues(error), { phase: 'run', writes })
  }
}

/** PGlite puts the values of a statement on its error, where loggers print them: payloads do not belong there. */
function withoutValues(error: unknown): unknown {
  if (typeof error === 'object' && error !== null) Reflect.deleteProperty(error, 'params')
  return error
}
