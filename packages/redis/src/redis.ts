import { type Backend, invalidArgument } from '@eventspine/core'
import type { RedisClient } from './client.ts'
import { Connection } from './connection.ts'
import { writeManifest } from './manifest.ts'
import { openStore } from './open-store.ts'
import { resolveOptions, type StoreOptions } from './options.ts'
import { checkClient, type ClientOptions, withoutUndefined, withOwnClient } from './own-client.ts'
import { parseRedisUrl } from './redis-url.ts'
import { checkServers } from './server-check.ts'

export interface RedisOptions extends StoreOptions {
  /** A `Redis` or `Cluster` of `ioredis`. It is never ended, and nothing about it is changed. */
  readonly client: RedisClient
}

export interface RedisConnectOptions extends StoreOptions, ClientOptions {}

/**
 * Opens the store in a database through a client of yours.
 *
 * @throws {@link EventStoreError} `STORE_MISSING`, `STORE_INCOMPATIBLE`, `ACCESS_DENIED`, `BACKEND_UNAVAILABLE`, …. Nothing was
 *   written, unless `create` is set.
 */
async function open(options: RedisOptions): Promise<Backend> {
  const client = checkClient(options?.client)
  return openStore(client, resolveOptions(options), () => undefined)
}

/**
 * Opens the store that a URL names, with a client of its own, which `close()` ends: `redis://`, `rediss://` (TLS), or
 * `redis-cluster://host:port,host:port` and `rediss-cluster://`. The query may hold `prefix`, `partitions` and `feed`.
 */
async function connect(url: string, options: RedisConnectOptions = {}): Promise<Backend> {
  const parsed = parseRedisUrl(url)
  if (parsed.topic !== undefined)
    throw invalidArgument('url', 'names a topic: a stream is opened by redisStream.connect()')
  const { connectTimeoutMs, replyTimeoutMs, ...rest } = { ...parsed.options, ...withoutUndefined(options) }
  const resolved = resolveOptions(rest)
  return withOwnClient(parsed, { connectTimeoutMs, replyTimeoutMs }, (client, end) =>
    openStore(client, resolved, end),
  )
}

/** Opens a store in Redis: `redis({ client })` with a client of yours, `redis.connect(url)` with its own. */
export const redis = Object.assign(open, { connect })

/**
 * Writes the manifest of a new store, whose `partitions` are fixed for its life. One that is there stays as it is.
 *
 * @throws {@link EventStoreError} as opening does. Nothing was written, unless the outcome is `unknown`.
 */
export async function createStore(
  client: RedisClient,
  options: Pick<StoreOptions, 'prefix' | 'partitions' | 'allowEviction'> = {},
): Promise<void> {
  const { prefix, partitions, allowEviction } = resolveOptions(options)
  await checkServers(checkClient(client), allowEviction)
  const connection = new Connection(client)
  try {
    await writeManifest(connection, prefix, partitions)
  } finally {
    connection.detach()
  }
}
