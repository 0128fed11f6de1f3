import { EventStoreError, invalidArgument } from '@eventspine/core'
import { classifyError } from './classify-error.ts'
import type { RedisClient } from './client.ts'
import { checkMs } from './options.ts'
import type { ParsedRedisUrl } from './redis-url.ts'

/** How a client of our own waits. */
export interface ClientOptions {
  /** Milliseconds to wait for a connection before `BACKEND_UNAVAILABLE`. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined
  /** Milliseconds without a reply after which a connection counts as lost. Default 30,000. */
  readonly replyTimeoutMs?: number | undefined
}

/**
 * Makes a client for `open`, which is given what ends it. When `open` fails, it is ended.
 *
 * @throws {@link EventStoreError} what connecting or `open` throws.
 */
export async function withOwnClient<Opened>(
  parsed: ParsedRedisUrl,
  { connectTimeoutMs = 10_000, replyTimeoutMs = 30_000 }: ClientOptions,
  open: (client: RedisClient, end: () => void) => Promise<Opened>,
): Promise<Opened> {
  checkMs(connectTimeoutMs, 'connectTimeoutMs')
  checkMs(replyTimeoutMs, 'replyTimeoutMs')
  const client = await createClient(parsed, { connectTimeoutMs, replyTimeoutMs })
  let reason: unknown
  const onError = (error: unknown): void => void (reason = error)
  client.on('error', onError)
  try {
    await client.connect().catch((error: unknown) => {
      // That of a refused password says no more than that the connection was closed; the reason came before.
      throw reason ?? error
    })
    client.off('error', onError)
    return await open(client, () => client.disconnect())
  } catch (error) {
    client.disconnect()
    throw classifyError(error, { writes: false, sent: false })
  }
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT`: no client, or one whose calls may never settle. */
export function checkClient(client: RedisClient | undefined): RedisClient {
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
  on(event: 'ready' | 'error', listener: (error: unknown) => void): unknown
  off(event: 'ready' | 'error', listener: (error: unknown) => void): unknown
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
export function withoutUndefined<Options extends object>(options: Options): Options {
  // Takes away only what counts as absent by the option's type.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options
}
