import type { PgliteClient, PostgresPool } from './client.ts'
import type { Driver } from './driver.ts'
import { resolveOptions, type StoreOptions } from './options.ts'
import { PgDriver } from './pg-driver.ts'
import { PgliteDriver } from './pglite-driver.ts'
import { migrate } from './schema.ts'
import { createStatements } from './statements.ts'

/**
 * Creates the store in a schema, or runs the migrations that it lacks; where it is up to date nothing happens. All of it is one
 * transaction, and any number of processes may call it at once.
 *
 * The user needs the right to create a schema in the database, or to create in the schema where that exists.
 *
 * @param client - a pool of `pg`, or a PGlite database.
 * @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: a newer version made it, it has another number of partitions than asked for,
 *   or the database is not in UTF8. `ACCESS_DENIED`, `BACKEND_UNAVAILABLE`, …. Nothing was written.
 */
export async function createSchema(
  client: PostgresPool | PgliteClient,
  options: Pick<StoreOptions, 'schema' | 'partitions'> = {},
): Promise<void> {
  // Nobody waits for a feed here.
  const { schema, partitions, lockTimeoutMs } = resolveOptions(options, 1)
  const driver: Driver<unknown> =
    'connect' in client
      ? new PgDriver({ pool: client, preparedStatements: false })
      : new PgliteDriver({ client, lockTimeoutMs })
  await migrate(driver, createStatements(schema), schema, partitions)
}
