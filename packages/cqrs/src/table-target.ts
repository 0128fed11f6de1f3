import { type Backend, notSupported, type SubscribeOptions, type Transaction } from '@eventspine/core'
import { type Build, isSameBuild } from './projection-build.ts'
import { ProjectionCatalogue, promoted } from './projection-catalogue.ts'
import type { ProjectionTarget } from './projection-target.ts'
import { type SqlClient, tableOf, type TableProjection } from './table-projection.ts'

/** Builds of SQL tables: a set of tables each, and views under the names that readers know. */
export class TableTarget<Client extends SqlClient, Table extends string> implements ProjectionTarget<Client> {
  readonly definition: TableProjection<Client, Table>
  readonly #backend: Backend<Client>

  /** @throws {@link EventStoreError} `NOT_SUPPORTED`: the backend shares no transaction with tables. */
  constructor(backend: Backend<Client>, projection: TableProjection<Client, Table>) {
    if (backend.capabilities.sharedTransaction !== 'native')
      throw notSupported(`${backend.name} shares no transaction with tables: project into documents`)
    this.#backend = backend
    this.definition = projection
  }

  async prepare(build: Build): Promise<void> {
    const { tables, create } = this.definition
    const [first = ''] = tables
    await this.#exclusively(async ({ native, documents }) => {
      if (!(await exists(native, tableOf(first, build))))
        await create(native, (table) => tableOf(table, build))
      const record = await new ProjectionCatalogue(documents, this.definition.name).read()
      if (isSameBuild(record?.serving, build) && !(await exists(native, first)))
        await this.#show(native, build)
    })
  }

  consume(build: Build, isRebuilding: () => boolean): Pick<SubscribeOptions<Client>, 'handlers' | 'effects'> {
    const handlers = this.definition.handlers((table) => tableOf(table, build), isRebuilding)
    return { handlers, effects: 'transaction' }
  }

  /** The catalogue and the views change in one transaction. */
  async promote(build: Build, keepOld: boolean): Promise<void> {
    await this.#exclusively(async ({ native, documents }) => {
      const catalogue = new ProjectionCatalogue(documents, this.definition.name)
      await catalogue.update((record) => promoted(record, build, keepOld))
      await this.#show(native, build)
    })
  }

  async remove(build: Build): Promise<void> {
    await this.#exclusively(async ({ native }) => {
      for (const table of this.definition.tables)
        await native.query(`drop table if exists ${tableOf(table, build)}`)
    })
  }

  async #show(native: Client, build: Build): Promise<void> {
    for (const table of this.definition.tables) {
      // Not "create or replace", which keeps columns that the new tables no longer have.
      await native.query(`drop view if exists ${table}`)
      await native.query(`create view ${table} as select * from ${tableOf(table, build)}`)
    }
  }

  /** Two who make the same table at once would both find it missing. */
  #exclusively(work: (transaction: Transaction<Client>) => Promise<void>): Promise<void> {
    return this.#backend.transaction(async (transaction) => {
      const { name } = this.definition
      await transaction.native.query('select pg_advisory_xact_lock(hashtext($1))', [
        `eventspine projection ${name}`,
      ])
      await work(transaction)
    })
  }
}

async function exists(client: SqlClient, relation: string): Promise<boolean> {
  const { rows } = await client.query('select 1 where to_regclass($1) is not null', [relation])
  return rows.length > 0
}
