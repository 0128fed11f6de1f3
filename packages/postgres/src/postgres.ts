import { EventStoreError, invalidArgument, type OpenOptions } from '@eventspine/core'
import { capabilities } from './capabilities.ts'
import { classifyError } from './classify-error.ts'
import type { PostgresPool, PostgresPoolClient } from './client.ts'
import { type PostgresBackend, openStore } from './open-store.ts'
import { resolveOptions, type StoreOptions } from './options.ts'
import { PgDriver } from './pg-driver.ts'

const POLL_INTERVAL_MS = 10

export interface PostgresOptions<Client extends PostgresPoolClient> extends StoreOptions {
  /** A pool of `pg`. It is never ended or reconfigured; give it an `error` listener, as its documentation says. */
  readonly pool: PostgresPool<Client>
  /**
   * Prepare statements by name on each connection. Default `true`. `false` for pools that give a session to several clients in
   * turn, such as PgBouncer in transaction mode.
   */
  readonly preparedStatements?: boolean | undefined
}

export interface PostgresConnectOptions extends StoreOptions {
  readonly preparedStatements?: boolean | undefined
  /** Connections at most. Default 10. */
  readonly maxConnections?: number | undefined
  /** Milliseconds to wait for a connection before `BUSY` or `BACKEND_UNAVAILABLE`. Default 10,000. */
  readonly connectionTimeoutMs?: number | undefined
}

/** The client that handlers get where the adapter made the pool itself. */
export type PostgresConnection = PostgresPoolClient & {
  query(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: Record<string, unknown>[]; readonly rowCount: number | null }>
}

/**
 * Opens the store in a database through a pool of yours.
 *
 * @throws {@link EventStoreError} `STORE_MISSING`, `STORE_INCOMPATIBLE`, `ACCESS_DENIED`, `BACKEND_UNAVAILABLE`, …. Nothing was
 *   written, unless `create` is set.
 */
async function open<Client extends PostgresPoolClient>(
  options: PostgresOptions<Client>,
): Promise<PostgresBackend<Client>> {
  const { pool, preparedStatements = true } = options
  if (typeof pool?.connect !== 'function') throw invalidArgument('pool', "must be a pool of 'pg'")
  return openStore(
    new PgDriver({ pool, preparedStatements }),
    resolveOptions(options, POLL_INTERVAL_MS),
    'postgres',
    capabilities,
  )
}

/**
 * Opens the store that a `postgres://` URL names, with a pool of its own, which `close()` ends. The URL's query may also hold
 * `schema`, `partitions` and `prepared=false`; all other parameters are the driver's.
 */
async function connect(
  url: string,
  options: PostgresConnectOptions = {},
): Promise<PostgresBackend<PostgresConnection>> {
  const { connectionString, ...fromUrl } = parsePostgresUrl(url)
  const {
    preparedStatements = true,
    maxConnections = 10,
    connectionTimeoutMs = 10_000,
    ...rest
  } = {
    ...fromUrl,
    ...withoutUndefined(options),
  }
  const resolved = resolveOptions(rest, POLL_INTERVAL_MS)
  const pool = await createPool({
    connectionString,
    max: maxConnections,
    connectionTimeoutMillis: connectionTimeoutMs,
    keepAlive: true,
    application_name: 'eventspine',
  })
  // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined)
  const driver = new PgDriver<PostgresConnection>({ pool, preparedStatements, end: () => pool.end() })
  try {
    return await openStore(driver, resolved, 'postgres', capabilities)
  } catch (error) {
    await pool.end()
    throw error
  }
}

/** Opens a PostgreSQL database: `postgres({ pool })` with a pool of yours, `postgres.connect(url)` with its own. */
export const postgres = Object.assign(open, { connect })

/** For the registry: `postgres://` and `postgresql://`. */
export function openPostgresUrl(
  url: string,
  { create, partitions }: OpenOptions,
): Promise<PostgresBackend<PostgresConnection>> {
  return connect(url, { create, partitions })
}

interface OwnPool extends PostgresPool<PostgresConnection> {
  on(event: 'error', listener: () => void): unknown
  end(): Promise<void>
}

async function createPool(config: object): Promise<OwnPool> {
  let pg: { readonly Pool: new (config: object) => OwnPool }
  try {
    pg = (await import('pg')).default
  } catch (cause) {
    throw new EventStoreError(
      'BACKEND_FAILED',
      "postgres: the package 'pg' is not installed: npm install pg",
      { cause },
    )
  }
  try {
    return new pg.Pool(config)
  } catch (error) {
    throw classifyError(error, { phase: 'connect', writes: false })
  }
}

/** Takes our own parameters out of a URL. Errors do not repeat it, since it may hold a password. */
export function parsePostgresUrl(url: string): StoreOptions & {
  readonly connectionString: string
  readonly preparedStatements?: boolean
} {
  if (typeof url !== 'string' || !/^postgres(ql)?:\/\//i.test(url) || !URL.canParse(url)) {
    throw invalidArgument('url', 'must be a URL such as postgres://user@host:5432/database')
  }
  const parsed = new URL(url)
  const take = (name: string): string | undefined => {
    const value = parsed.searchParams.get(name) ?? undefined
    parsed.searchParams.delete(name)
    return value
  }
  const schema = take('schema')
  const partitions = take('partitions')
  const prepared = take('prepared')
  if (partitions !== undefined && !/^\d{1,4}$/.test(partitions))
    throw invalidArgument('url', 'partitions must be a number')
  if (prepared !== undefined && prepared !== 'true' && prepared !== 'false') {
    throw invalidArgument('url', 'prepared must be true or false')
  }
  return {
    connectionString: parsed.href,
    ...(schema === undefined ? {} : { schema }),
    ...(partitions === undefined ? {} : { partitions: Number(partitions) }),
    ...(prepared === undefined ? {} : { preparedStatements: prepared === 'true' }),
  }
}

/** An option that is given as undefined must not hide what the URL says. */
function withoutUndefined<Options extends object>(options: Options): Options {
  // Takes away only what counts as absent by the option's type.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options
}
