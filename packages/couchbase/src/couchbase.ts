import { type Backend, invalidArgument } from '@eventspine/core'
import type { CouchbaseCollection } from './client.ts'
import { Connection } from './connection.ts'
import { parseCouchbaseUrl } from './couchbase-url.ts'
import { Keys } from './keys.ts'
import { writeManifest } from './manifest.ts'
import { openStore } from './open-store.ts'
import { resolveOptions, type StoreOptions } from './options.ts'
import { type ClientOptions, withOwnClient } from './own-client.ts'

export interface CouchbaseOptions extends StoreOptions {
  /** Where the documents of the store are: a collection of a client of yours, which is never closed or changed. */
  readonly collection: CouchbaseCollection
}

export interface CouchbaseConnectOptions extends StoreOptions, ClientOptions {}

/**
 * Opens the store in a collection through a client of yours.
 *
 * @throws {@link EventStoreError} `STORE_MISSING`, `STORE_INCOMPATIBLE`, `ACCESS_DENIED`, `BACKEND_UNAVAILABLE`, …. Nothing was
 *   written, unless `create` is set.
 */
async function open(options: CouchbaseOptions): Promise<Backend> {
  const collection = checkCollection(options?.collection)
  return openStore(collection, resolveOptions(options), () => Promise.resolve())
}

/**
 * Opens the store that a URL names, with a client of its own, which `close()` ends:
 * `couchbase://user:password@host,host/bucket`, or `couchbases://` for TLS. The query may hold `scope`, `collection`, `prefix`,
 * `partitions` and `durability`, and what the client itself takes there.
 */
async function connect(url: string, options: CouchbaseConnectOptions = {}): Promise<Backend> {
  const parsed = parseCouchbaseUrl(url)
  const { connectTimeoutMs, replyTimeoutMs, ...rest } = { ...parsed.options, ...withoutUndefined(options) }
  const resolved = resolveOptions(rest)
  return withOwnClient(parsed, { connectTimeoutMs, replyTimeoutMs }, (collection, end) =>
    openStore(collection, resolved, end),
  )
}

/** Opens a store in Couchbase: `couchbase({ collection })` with a client of yours, `couchbase.connect(url)` with its own. */
export const couchbase = Object.assign(open, { connect })

/**
 * Writes the manifest of a new store, whose `partitions` are fixed for its life. One that is there stays as it is.
 *
 * @throws {@link EventStoreError} as opening does. Nothing was written, unless the outcome is `unknown`.
 */
export async function createStore(
  collection: CouchbaseCollection,
  options: Pick<StoreOptions, 'prefix' | 'partitions' | 'durability'> = {},
): Promise<void> {
  const { prefix, partitions, durability } = resolveOptions(options)
  await writeManifest(new Connection(checkCollection(collection), durability), new Keys(prefix), partitions)
}

function checkCollection(collection: CouchbaseCollection | undefined): CouchbaseCollection {
  if (typeof collection?.mutateIn !== 'function')
    throw invalidArgument('collection', "must be a collection of a client of 'couchbase'")
  return collection
}

/** An option that is given as undefined must not hide what the URL says. */
function withoutUndefined<Options extends object>(options: Options): Options {
  // Takes away only what counts as absent by the option's type.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options
}
