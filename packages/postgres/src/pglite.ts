import { type Capabilities, EventStoreError, invalidArgument, type OpenOptions } from '@eventspine/core'
import { pgliteCapabilities } from './capabilities.ts'
import type { PgliteClient, PgliteTransaction } from './client.ts'
import { lockFolder } from './folder-lock.ts'
import { type PostgresBackend, openStore } from './open-store.ts'
import { resolveOptions, type StoreOptions } from './options.ts'
import { PgliteDriver } from './pglite-driver.ts'

/** Only a transaction that the caller opened is not seen at once, and a look takes the time of the one thread. */
const POLL_INTERVAL_MS = 250

export interface PgliteOptions<Native extends PgliteTransaction> extends StoreOptions {
  /** A database of PGlite. It is never closed or reconfigured. */
  readonly client: PgliteClient<Native>
}

/** The transaction that handlers get where the adapter opened the database itself. */
export type PgliteConnection = PgliteTransaction & {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: Record<string, unknown>[] }>
}

/**
 * Opens the store in a PGlite database of yours. Nothing then keeps a second process from opening its folder: that is
 * guarded by `pglite.open` only.
 */
async function openClient<Native extends PgliteTransaction>(
  options: PgliteOptions<Native>,
): Promise<PostgresBackend<Native>> {
  const { client } = options
  if (typeof client?.transaction !== 'function') throw invalidArgument('client', 'must be a PGlite database')
  const resolved = resolveOptions(options, POLL_INTERVAL_MS)
  const driver = new PgliteDriver({ client, lockTimeoutMs: resolved.lockTimeoutMs })
  return openStore(driver, resolved, 'pglite', pgliteCapabilities)
}

/**
 * Opens the store in the PGlite database of a folder, or with `memory:` in one that lives as long as the backend. A missing
 * folder is created with `create` only.
 *
 * @throws {@link EventStoreError} `STORE_IN_USE`: this process or another has the folder open; it was not touched.
 *   `STORE_MISSING`, `STORE_INCOMPATIBLE`, ….
 */
async function open(folder: string, options: StoreOptions = {}): Promise<PostgresBackend<PgliteConnection>> {
  if (typeof folder !== 'string' || folder === '')
    throw invalidArgument('folder', 'must be a path or memory:')
  const resolved = resolveOptions(options, POLL_INTERVAL_MS)
  const unlock = folder === 'memory:' ? undefined : await lockFolder(folder, resolved.create)
  let client: OwnClient | undefined
  const end = async (): Promise<void> => {
    try {
      await client?.close()
    } finally {
      await unlock?.()
    }
  }
  try {
    client = await createClient(folder === 'memory:' ? 'memory://' : folder)
    const driver = new PgliteDriver<PgliteConnection>({ client, lockTimeoutMs: resolved.lockTimeoutMs, end })
    // In memory nothing outlives the process.
    const capabilities: Capabilities =
      folder === 'memory:' ? { ...pgliteCapabilities, durability: 'process' } : pgliteCapabilities
    return await openStore(driver, resolved, 'pglite', capabilities)
  } catch (error) {
    await end()
    throw error
  }
}

/** Opens a PGlite database: `pglite({ client })` with a database of yours, `pglite.open(folder)` with its own. */
export const pglite = Object.assign(openClient, { open })

/** For the registry: `pglite:./folder` and `pglite:memory:`. */
export function openPgliteUrl(
  url: string,
  { create, partitions }: OpenOptions,
): Promise<PostgresBackend<PgliteConnection>> {
  const [path = '', query = ''] = url.slice('pglite:'.length).split('?')
  const parameters = new URLSearchParams(query)
  const schema = parameters.get('schema') ?? undefined
  const asked = parameters.get('partitions')
  if (asked !== null && !/^\d{1,4}$/.test(asked)) throw invalidArgument('url', 'partitions must be a number')
  return open(path, {
    create,
    schema,
    partitions: partitions ?? (asked === null ? undefined : Number(asked)),
  })
}

interface OwnClient extends PgliteClient<PgliteConnection> {
  close(): Promise<void>
}

async function createClient(dataFolder: string): Promise<OwnClient> {
  let PGlite: { create(dataFolder: string): Promise<OwnClient> }
  try {
    PGlite = (await import('@electric-sql/pglite')).PGlite
  } catch (cause) {
    throw new EventStoreError(
      'BACKEND_FAILED',
      "pglite: the package '@electric-sql/pglite' is not installed: npm install @electric-sql/pglite",
      { cause },
    )
  }
  try {
    return await PGlite.create(dataFolder)
  } catch (cause) {
    throw new EventStoreError('BACKEND_UNAVAILABLE', 'pglite: the database cannot be opened', { cause })
  }
}
