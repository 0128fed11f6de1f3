import type { AdapterTransaction } from '@eventspine/core'
import { nestedAppend } from './append.ts'
import { text } from './codec.ts'
import type { Statement, TransactionRunner, Value } from './driver.ts'
import { PostgresDocumentStore } from './postgres-document-store.ts'
import { PostgresEventStore, type StoreBinding } from './postgres-event-store.ts'
import { wrongIsolation } from './wrong-isolation.ts'

/** What a transaction shares with the backend it belongs to. */
export type TransactionContext = Pick<
  StoreBinding,
  'statements' | 'lockTimeoutMs' | 'waitForFeed' | 'reached'
>

/** Both ports over one open transaction. Verdicts and time-outs leave it usable; nothing in here ends it. */
export function bindTransaction<Native>(
  transaction: TransactionRunner<Native>,
  context: TransactionContext,
): AdapterTransaction<Native> {
  let depth = 0
  const nested = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    const savepoint = `eventspine_${++depth}`
    try {
      await transaction.script(`savepoint ${savepoint}`)
      let result: Result
      try {
        result = await work()
      } catch (error) {
        await transaction.script(`rollback to savepoint ${savepoint}; release savepoint ${savepoint}`)
        throw error
      }
      await transaction.script(`release savepoint ${savepoint}`)
      return result
    } finally {
      depth--
    }
  }
  const write = (statement: Statement, values: readonly Value[]): Promise<string> =>
    nested(async () => {
      const [row] = await transaction.run(statement, values)
      if (row?.[0] === 'isolation') throw wrongIsolation()
      return text(row, 0)
    })
  const binding = {
    ...context,
    runner: transaction,
    append: nestedAppend(transaction, context.statements),
    write,
  }
  return {
    store: new PostgresEventStore(binding),
    documents: new PostgresDocumentStore({ ...binding, sweeps: false }),
    native: transaction.native,
    nested,
  }
}
