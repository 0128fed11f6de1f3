import {
  type ContractShape,
  type Handler,
  type HandlerDocuments,
  type HandlerMap,
  invalidArgument,
} from '@eventspine/core'
import {
  checkNameAndVersion,
  fingerprintOf,
  type ProjectedContract,
  type ProjectedEventOf,
  type ProjectedType,
} from './projection.ts'
import type { Build } from './projection-build.ts'
import type { Definition } from './projection-catalogue.ts'

/** What is used of a database client: those of `pg` and PGlite have it. */
export interface SqlClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: unknown[] }>
}

/** Names of the tables of one build, to be put into statements. */
export type TableNames<Table extends string> = (table: Table) => string

/** What an event is applied with. */
export interface TableContext<Client, Table extends string> {
  /** Within the transaction that also moves the checkpoint: do not end it. */
  readonly client: Client
  /** The name of this build's table. */
  readonly table: TableNames<Table>
  /** This build does not serve yet: leave out what is not for these tables alone. */
  readonly rebuilding: boolean
  readonly documents: HandlerDocuments
  /** Aborted when this consumer loses its partition, or must stop at once. */
  readonly signal: AbortSignal
}

/** What {@link tableProjection} takes. */
export interface TableProjectionDefinition<Client, Table extends string, Contract extends ContractShape> {
  /** 1 to 64 letters, digits, `-`, `_` or `.`; no other projection of the store has it. */
  readonly name: string
  /** Raise it when the tables must be derived anew. Default 1. */
  readonly version?: number | undefined
  readonly events: Contract | readonly Contract[]
  /** What they are read as: each is a view of the table of the build that serves. At most 40 small letters, digits, `_`. */
  readonly tables: readonly Table[]
  /** Makes the tables of a build, with their indexes. Within a transaction. */
  readonly create: (client: Client, table: TableNames<Table>) => Promise<unknown>
  /** What an event does to the tables, by type; types left out pass by. */
  readonly apply: {
    readonly [Type in ProjectedType<Contract>]?: (
      event: ProjectedEventOf<Contract, Type>,
      context: TableContext<Client, Table>,
    ) => Promise<unknown>
  }
}

/** Derives the user's own SQL tables; made by {@link tableProjection}. */
export interface TableProjection<Client, Table extends string = string> extends Definition {
  readonly tables: readonly Table[]
  readonly create: (client: Client, table: TableNames<Table>) => Promise<unknown>
  /** The handlers of a consumer for one build, whose events are applied within its transaction. */
  handlers(table: TableNames<Table>, isRebuilding: () => boolean): readonly HandlerMap<Client>[]
}

const TABLE = /^[a-z_][a-z0-9_]{0,39}$/

/**
 * Defines a projection into SQL tables of the user's own, where the backend shares its transaction
 * (PostgreSQL): each event has its effect exactly once.
 *
 * Each build has tables of its own, and a view under the name that readers know. What `apply` does besides must
 * be harmless to do again: a build is derived from all events.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` naming what is no name, version, table or event type.
 */
export function tableProjection<
  Client extends SqlClient,
  Table extends string,
  Contract extends ProjectedContract,
>(definition: TableProjectionDefinition<Client, Table, Contract>): TableProjection<Client, Table> {
  const { name, version = 1, events, tables, create } = definition
  // Sound: a list is told from a contract, which is no array.
  const contracts = (Array.isArray(events) ? events : [events]) as readonly Contract[]
  checkNameAndVersion(name, version)
  if (tables.length === 0) throw invalidArgument('tables', 'must name at least one table')
  tables.forEach((table, index) => {
    if (!TABLE.test(table))
      throw invalidArgument(
        `tables[${index}]`,
        'must be 1 to 40 small letters, digits or "_", no digit first',
      )
  })
  // Sound: the entry under a type takes events of that type, and is looked up by the event's own.
  const apply = definition.apply as Readonly<
    Record<string, ((event: unknown, context: TableContext<Client, Table>) => Promise<unknown>) | undefined>
  >
  const types = Object.keys(apply)
  for (const type of types) {
    if (!contracts.some(({ definitions }) => Object.hasOwn(definitions, type)))
      throw invalidArgument(`apply.${type}`, 'is not an event of its contracts')
  }
  return {
    name,
    version,
    tables,
    create,
    fingerprint: `${tables.join(',')}:${fingerprintOf(contracts, types)}`,
    handlers: (table, isRebuilding) =>
      contracts.map((contract) => {
        const handle: Handler<Client> = async (event, { transaction, documents, signal }) => {
          const context = { client: transaction, table, rebuilding: isRebuilding(), documents, signal }
          await apply[event.type]?.(event, context)
        }
        const own = types.filter((type) => Object.hasOwn(contract.definitions, type))
        return contract.handlers(Object.fromEntries(own.map((type) => [type, handle])))
      }),
  }
}

/** The name of a build's table. */
export function tableOf(table: string, { version, number }: Build): string {
  return `${table}_v${version}${number === 1 ? '' : `_b${number}`}`
}
