import { readdir, readFile } from 'node:fs/promises'
import { checkManifest, createManifest, EventStoreError, type StoreManifest } from '@eventspine/core'
import { text } from './codec.ts'
import type { Driver, Row, Runner, Statement, TransactionRunner } from './driver.ts'
import { quoteSchema } from './schema-name.ts'
import type { Statements } from './statements.ts'

/** The migrations of `sql/`, which this version was made for. */
const SCHEMA_VERSION = 7

const folder = new URL('../sql/', import.meta.url)

/**
 * The statements that make the tables and functions of this version in `schema`, or bring those of version `from` up to
 * date, for those who change a database by means of their own. {@link createSchema} then only writes the manifest.
 */
export async function schemaSql(schema: string, from = 0): Promise<string> {
  const prefix = quoteSchema(schema)
  const files = (await readdir(folder)).filter((name) => /^\d{3}-.*\.sql$/.test(name)).sort()
  const wanted = files.filter((name) => Number(name.slice(0, 3)) > from)
  const texts = await Promise.all(wanted.map((name) => readFile(new URL(name, folder), 'utf8')))
  return texts.join('\n').replaceAll('eventspine.', () => `${prefix}.`)
}

/**
 * Creates the store where there is none, else runs the migrations that it lacks. Any number of processes may do so at
 * once: all but one wait and then find it done. All or nothing happens.
 *
 * @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: a newer version of the library made it, it has another number of
 *   partitions than asked for, or the database's encoding is not UTF8.
 */
export async function migrate(
  driver: Driver<unknown>,
  statements: Statements,
  schema: string,
  partitions: number | undefined,
): Promise<void> {
  await driver.transaction(async (transaction) => {
    await transaction.run(own('select pg_advisory_xact_lock(hashtextextended($1, 0))'), [
      `eventspine schema ${schema}`,
    ])
    if (!(await isThere(transaction, `${quoteSchema(schema)}.store`))) {
      await create(transaction, schema)
      await writeManifest(transaction, schema, partitions)
      return
    }
    const [row] = await transaction.run(statements.store, [])
    if (row === undefined) {
      await writeManifest(transaction, schema, partitions)
      return
    }
    checkManifest(manifestOf(row), { partitions })
    const version = schemaVersionOf(row)
    if (version > SCHEMA_VERSION) throw newerSchema(schema, version)
    if (version < SCHEMA_VERSION) await upgrade(transaction, schema, version)
  })
}

/**
 * Reads and checks the manifest of an existing store.
 *
 * @throws {@link EventStoreError} `STORE_MISSING`, with the remedy; `STORE_INCOMPATIBLE`.
 */
export async function verify(
  runner: Runner,
  statements: Statements,
  schema: string,
  partitions: number | undefined,
): Promise<StoreManifest> {
  const [row] = await readStore(runner, statements, schema)
  if (row === undefined) throw missing(schema)
  const version = schemaVersionOf(row)
  if (version > SCHEMA_VERSION) throw newerSchema(schema, version)
  if (version < SCHEMA_VERSION) {
    throw incompatible(
      `schema "${schema}" is of version ${version}, this version of Eventspine needs ${SCHEMA_VERSION}: ` +
        'run createSchema() or open with create: true to migrate it',
    )
  }
  return checkManifest(manifestOf(row), { partitions })
}

async function readStore(runner: Runner, statements: Statements, schema: string): Promise<readonly Row[]> {
  try {
    return await runner.run(statements.store, [])
  } catch (error) {
    // The database may be missing too, which is said otherwise.
    if (EventStoreError.is(error, 'STORE_MISSING') && error.message.includes('schema')) throw missing(schema)
    throw error
  }
}

async function create(transaction: TransactionRunner<unknown>, schema: string): Promise<void> {
  const [encoding] = await transaction.run(own('show server_encoding'), [])
  if (text(encoding, 0) !== 'UTF8')
    throw incompatible(`the database is in ${text(encoding, 0)}, it has to be UTF8`)
  const prefix = quoteSchema(schema)
  // `if not exists` would ask for the right to create schemas even where somebody has made it for us.
  const [existing] = await transaction.run(own('select to_regnamespace($1)::text'), [prefix])
  if (existing?.[0] === null) await transaction.script(`create schema ${prefix}`)
  await transaction.script(await schemaSql(schema))
}

/** Makes a store of empty tables. */
async function writeManifest(
  transaction: TransactionRunner<unknown>,
  schema: string,
  partitions: number | undefined,
): Promise<void> {
  const prefix = quoteSchema(schema)
  const manifest = createManifest(partitions)
  const [made] = await transaction.run(
    own(
      `insert into ${prefix}.partitions (partition) select generate_series(0, $1::integer - 1) on conflict do nothing returning '1'`,
    ),
    [manifest.partitions],
  )
  // Another incarnation would cut the positions off from the events that are there.
  if (made === undefined)
    throw incompatible(`schema "${schema}" holds a store whose manifest is gone: restore it`)
  await transaction.run(
    own(
      `insert into ${prefix}.store (schema_version, format_version, incarnation, partitions, hash, codec)
       values ($1, $2, $3, $4, $5, $6)`,
    ),
    [
      SCHEMA_VERSION,
      manifest.formatVersion,
      manifest.incarnation,
      manifest.partitions,
      manifest.hash,
      manifest.codec,
    ],
  )
}

async function upgrade(transaction: TransactionRunner<unknown>, schema: string, from: number): Promise<void> {
  await transaction.script(await schemaSql(schema, from))
  await transaction.run(own(`update ${quoteSchema(schema)}.store set schema_version = $1`), [SCHEMA_VERSION])
}

async function isThere(runner: Runner, table: string): Promise<boolean> {
  const [row] = await runner.run(own('select to_regclass($1)::text'), [table])
  return row?.[0] !== null
}

/** Sent once, so not worth a prepared statement: the empty name stands for none. */
function own(text: string): Statement {
  return { name: '', text, writes: true }
}

function manifestOf(row: Row | undefined): StoreManifest {
  const [, formatVersion, incarnation, partitions, hash, codec] = row ?? []
  // checkManifest looks at every field before anything relies on it.
  return {
    formatVersion: Number(formatVersion),
    incarnation: incarnation ?? '',
    partitions: Number(partitions),
    hash: hash as 'murmur2',
    codec: codec as 'json',
  }
}

function schemaVersionOf(row: Row | undefined): number {
  return Number(row?.[0])
}

function missing(schema: string): EventStoreError<'STORE_MISSING'> {
  return new EventStoreError(
    'STORE_MISSING',
    `postgres: there is no store in schema "${schema}": run createSchema() or open with create: true`,
  )
}

function newerSchema(schema: string, version: number): EventStoreError<'STORE_INCOMPATIBLE'> {
  return incompatible(
    `schema "${schema}" is of version ${version}, this version of Eventspine knows ${SCHEMA_VERSION}: upgrade the library`,
  )
}

function incompatible(message: string): EventStoreError<'STORE_INCOMPATIBLE'> {
  return new EventStoreError('STORE_INCOMPATIBLE', `postgres: ${message}`)
}
