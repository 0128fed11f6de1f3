import {
  type Backend,
  type BackendAdapter,
  type Capabilities,
  createBackend,
  createTransaction,
  FeedWake,
  type Transaction,
} from '@eventspine/core'
import { autocommitAppend } from './append.ts'
import { text } from './codec.ts'
import type { Driver, Statement, TransactionRunner, Value } from './driver.ts'
import { feedWakesOf } from './feed-wake.ts'
import type { ResolvedStoreOptions } from './options.ts'
import { PostgresDocumentStore } from './postgres-document-store.ts'
import { lastSequences, PostgresEventStore } from './postgres-event-store.ts'
import { retryRolledBack } from './retry.ts'
import { migrate, verify } from './schema.ts'
import { createStatements } from './statements.ts'
import { bindTransaction, type TransactionContext } from './transaction.ts'
import { wrongIsolation } from './wrong-isolation.ts'

/** A backend that can also work inside transactions that the caller opened with the same database. */
export interface PostgresBackend<Native> extends Backend<Native> {
  /**
   * Both ports over `client`, which has an open transaction: what is done through them is part of it. Nothing can be
   * seen before the caller commits, and a rollback takes it back. A refused append, also one that waited too long,
   * leaves the transaction usable. Other appends to the same partition wait until it ends.
   *
   * The transaction has to be `read committed`; in another one, appends refuse with `NOT_SUPPORTED`.
   */
  within(client: Native): Transaction<Native>
}

/** Opens the store in a database: creates it where asked, verifies it, and puts core's wrapper around it. */
export async function openStore<Native>(
  driver: Driver<Native>,
  options: ResolvedStoreOptions,
  name: string,
  capabilities: Capabilities,
): Promise<PostgresBackend<Native>> {
  const { schema, partitions, lockTimeoutMs, pollIntervalMs } = options
  const statements = createStatements(schema, driver.parsesJson)
  if (options.create) await migrate(driver, statements, schema, partitions)
  const manifest = await verify(driver, statements, schema, partitions)
  const feedWake = new FeedWake({
    lastSequences: (awaited) => lastSequences(driver, statements, awaited),
    pollIntervalMs,
  })
  const wakes = feedWakesOf(driver.source, schema)
  wakes.add(feedWake)
  const shared: TransactionContext = {
    statements,
    lockTimeoutMs,
    waitForFeed: (partition, after, signal) => feedWake.wait(partition, after, signal),
    reached: (partition, sequence) => {
      for (const wake of wakes) wake.committed(partition, sequence)
    },
  }
  const binding = {
    ...shared,
    runner: driver,
    append: autocommitAppend(driver, statements),
    write: autocommitWrite(driver),
    sweeps: true,
  }
  const adapter: BackendAdapter<Native> = {
    name,
    capabilities,
    manifest,
    lockTimeoutMs,
    store: new PostgresEventStore(binding),
    documents: new PostgresDocumentStore(binding),
    doTransaction: (work) =>
      runTransaction(driver, shared, (transaction) =>
        work(bindTransaction(transaction.runner, transaction.context)),
      ),
    doClose: async () => {
      wakes.delete(feedWake)
      feedWake.wakeAll()
      await driver.close()
    },
  }
  // When the caller commits is not known: those who wait find it at their next look.
  const quiet: TransactionContext = { ...shared, reached: () => undefined }
  const within = (client: Native): Transaction<Native> =>
    createTransaction(adapter, bindTransaction(driver.within(client), quiet))
  return Object.assign(createBackend(adapter), { within })
}

/** A single write, which is a transaction of its own. */
function autocommitWrite(
  driver: Driver<unknown>,
): (statement: Statement, values: readonly Value[]) => Promise<string> {
  return (statement, values) =>
    retryRolledBack(async () => {
      const [row] = await driver.run(statement, values)
      if (row?.[0] !== 'isolation') return text(row, 0)
      const [pinned] = await driver.transaction((transaction) => transaction.run(statement, values))
      if (pinned?.[0] === 'isolation') throw wrongIsolation()
      return text(pinned, 0)
    })
}

/** A transaction that wakes those who wait for the feed once it has committed. */
async function runTransaction<Native, Result>(
  driver: Driver<Native>,
  shared: TransactionContext,
  work: (transaction: {
    readonly runner: TransactionRunner<Native>
    readonly context: TransactionContext
  }) => Promise<Result>,
): Promise<Result> {
  const reached = new Map<number, number>()
  const context: TransactionContext = {
    ...shared,
    reached: (partition, sequence) => void reached.set(partition, sequence),
  }
  const result = await driver.transaction((runner) => work({ runner, context }))
  for (const [partition, sequence] of reached) shared.reached(partition, sequence)
  return result
}
