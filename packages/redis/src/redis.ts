import { type Backend, EventStoreError, invalidArgument } from '@eventspine/core'
import { classifyError } from './classify-error.ts'
import type { RedisClient } from './client.ts'
import { Connection } from './connection.ts'
import { writeManifest } from './manifest.ts'
import { openStore } from './open-store.ts'
import { checkMs, resolveOptions, type StoreOptions } from './options.ts'
import { type ParsedRedisUrl, parseRedisUrl } from './redis-url.ts'
import { checkServers } from './server-check.ts'

export interface RedisOptions extends StoreOptions {
  /** A `Redis` or `Cluster` of `ioredis`. It is never ended, and nothing about it is changed. */
  readonly client: RedisClient
}

export interface RedisConnectOptions extends StoreOptions {
  /** Milliseconds to wait for a connection before `BACKEND_UNAVAILABLE`. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined
  /** Milliseconds without a reply after which a connection counts as lost. Default 30,000. */
  readonly replyTimeoutMs?: number | undefined
}

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
  const {
    connectTimeoutMs = 10_000,
    replyTimeoutMs = 30_000,
    ...rest
  } = {
    ...parsed.options,
    ...withoutUndefined(options),
  }
  checkMs(connectTimeoutMs, 'connectTimeoutMs')
  checkMs(replyTimeoutMs, 'replyTimeoutMs')
  const resolved = resolveOptions(rest)
  const client = await createClient(parsed, { connectTimeoutMs, replyTimeoutMs })
  try {
    await client.connect()
    return await openStore(client, resolved, () => client.disconnect())
  } catch (error) {
    client.disconnect()
    throw classifyError(error, { writes: false, sent: false })
  }
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

function checkClient(client: RedisClient | undefined): RedisClient {
  if (typeof client?.call !== 'function' || typeof client.options !== 'object')
    throw invalidArgument('client', "must be a Redis or Cluster of 'ioredis'")
  const { autoResendUnfulfilledCommands, maxRetriesPerRequest } = client.options
  if (!client.isCluster && autoResendUnfulfilledCommands === false && maxRetriesPerRequest !== 0) {
    // ioredis forgets such commands when it has connected again: their promises never settle.
    throw invalidArgument('client', 'autoResendUnfulfilledCommands: false needs maxRetriesPerRequest: 0')
  }
  return client
}

interface OwnClient extends RedisClient {
  connect(): Promise<void>
  disconnect(): void
  on(event: 'ready' | 'error', listener: () => void): unknown
}

async function createClient(
  { cluster, url, nodes, auth, tls }: ParsedRedisUrl,
  {
    connectTimeoutMs,
    replyTimeoutMs,
  }: { readonly connectTimeoutMs: number; readonly replyTimeoutMs: number },
): Promise<OwnClient> {
  let ioredis: {
    readonly Redis: new (url: string, options: object) => OwnClient
    readonly Cluster: new (nodes: readonly object[], options: object) => OwnClient
  }
  try {
    // As far as it is used; `client.test-d.ts` holds the rest against the package.
    ioredis = (await import('ioredis')) as unknown as typeof ioredis
  } catch (cause) {
    throw new EventStoreError(
      'BACKEND_FAILED',
      "redis: the package 'ioredis' is not installed: npm install ioredis",
      { cause },
    )
  }
  const connection = {
    connectTimeout: connectTimeoutMs,
    socketTimeout: replyTimeoutMs,
    // With its defaults the client sends a command again when the connection ended before the reply: an append would
    // come twice. With 0 it gives up all that is under way, and says so.
    maxRetriesPerRequest: 0,
    enableAutoPipelining: false,
  }
  const client = cluster
    ? new ioredis.Cluster(nodes, {
        lazyConnect: true,
        enableAutoPipelining: false,
        // The same for a cluster. What is redirected was not executed, and goes on being tried.
        retryDelayOnFailover: 0,
        redisOptions: { ...connection, ...auth, ...(tls ? { tls: {} } : {}) },
      })
    : new ioredis.Redis(url, {
        ...connection,
        lazyConnect: true,
        retryStrategy: (attempt: number) => Math.min(attempt * 50, 1000),
      })
  // Every call that fails says so itself; without a listener the client would write to the console.
  client.on('error', () => undefined)
  return client
}

/** An option that is given as undefined must not hide what the URL says. */
function withoutUndefined<Options extends object>(options: Options): Options {
  // Takes away only what counts as absent by the option's type.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options
}
