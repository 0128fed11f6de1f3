import {
  type Backend,
  type BackendAdapter,
  createBackend,
  invalidArgument,
  notSupported,
} from '@eventspine/core'
import type { RedisClient } from '../client.ts'
import { Committer } from '../committer.ts'
import { Connection } from '../connection.ts'
import { readManifest, writeManifest } from '../manifest.ts'
import { checkClient, type ClientOptions, withoutUndefined, withOwnClient } from '../own-client.ts'
import { parseRedisUrl } from '../redis-url.ts'
import { RedisDocumentStore } from '../redis-document-store.ts'
import { ResendGuard, resends } from '../resend-guard.ts'
import { checkServers } from '../server-check.ts'
import { feedWaits } from '../wait-for-feed.ts'
import { LogKeys } from './log-keys.ts'
import { LogRetention } from './log-retention.ts'
import { RedisCompeting } from './redis-competing.ts'
import { RedisEventLog } from './redis-event-log.ts'
import { RedisRelayTarget } from './redis-relay-target.ts'
import { streamCapabilities } from './stream-capabilities.ts'
import { type ResolvedStreamOptions, resolveStreamOptions, type StreamOptions } from './stream-options.ts'
import { checkTrimOptions, LogTrimmer, type TrimmedPartition, type TrimOptions } from './trim-log.ts'

export interface RedisStreamOptions extends StreamOptions {
  /**
   * A `Redis` or `Cluster` of `ioredis`. It is never ended, and nothing about it is changed. While somebody waits for
   * events, a duplicate of it is connected for each partition that is waited for, up to 16 of them.
   */
  readonly client: RedisClient
}

export interface RedisStreamConnectOptions extends Partial<StreamOptions>, ClientOptions {}

/** A stream in Redis: publish, groups with and without order, and documents of its own; no store. */
export interface RedisStreamBackend extends Backend<undefined> {
  /**
   * Lets the old part of every partition go.
   *
   * @throws {@link EventStoreError} `INVALID_ARGUMENT`; else partitions that were trimmed before stay trimmed.
   */
  trim(options: TrimOptions): Promise<readonly TrimmedPartition[]>
}

/**
 * Opens a stream through a client of yours.
 *
 * @throws {@link EventStoreError} `STORE_MISSING`, `STORE_INCOMPATIBLE`, `ACCESS_DENIED`, `BACKEND_UNAVAILABLE`, …. Nothing was
 *   written, unless `create` is set.
 */
async function open(options: RedisStreamOptions): Promise<RedisStreamBackend> {
  const client = checkClient(options?.client)
  return openStream(client, resolveStreamOptions(options), () => undefined)
}

/**
 * Opens the stream that a URL names, with a client of its own, which `close()` ends: the URLs of a store, with `topic` in
 * the query: `redis://localhost:6379/0?topic=orders`.
 */
async function connect(url: string, options: RedisStreamConnectOptions = {}): Promise<RedisStreamBackend> {
  const parsed = parseRedisUrl(url)
  const { connectTimeoutMs, replyTimeoutMs, ...rest } = withoutUndefined(options)
  const {
    topic = parsed.topic,
    prefix = parsed.options.prefix,
    partitions = parsed.options.partitions,
  } = rest
  if (topic === undefined) throw invalidArgument('url', 'must name a topic: redis://host:6379/0?topic=orders')
  const resolved = resolveStreamOptions({ ...rest, topic, prefix, partitions })
  return withOwnClient(parsed, { connectTimeoutMs, replyTimeoutMs }, (client, end) =>
    openStream(client, resolved, end),
  )
}

/** Opens a stream in Redis: `redisStream({ client, topic })` with a client of yours, `redisStream.connect(url)` with its own. */
export const redisStream = Object.assign(open, { connect })

async function openStream(
  client: RedisClient,
  {
    prefix,
    create,
    partitions,
    allowEviction,
    wait,
    pollIntervalMs,
    retention: keep,
    onTrimError,
  }: ResolvedStreamOptions,
  end: () => void,
): Promise<RedisStreamBackend> {
  if (wait !== undefined && client.isCluster) {
    // The acknowledgement of another server than the one that was written to says nothing.
    throw notSupported('redis: wait is not supported on a cluster; min-replicas-to-write of its servers is')
  }
  const connection = new Connection(client, wait)
  try {
    await checkServers(client, allowEviction)
    if (create) await writeManifest(connection, prefix, partitions)
    const manifest = await readManifest(connection, prefix, partitions)
    const keys = Array.from({ length: manifest.partitions }, (_, partition) => new LogKeys(prefix, partition))
    // Answers to documents and to publishes are kept apart: they do not look alike.
    const makeGuard = () => (resends(client) ? new ResendGuard() : undefined)
    const documentKeys = keys.map(({ documents }) => documents)
    const committer = new Committer({ connection, keys: documentKeys, bodyInFeed: false, guard: makeGuard() })
    const documents = new RedisDocumentStore({ connection, keys: documentKeys, committer })
    const feeds = keys.map(({ log, head }) => ({ feed: log, sequence: head }))
    const waits = feedWaits(connection, feeds, pollIntervalMs)
    const trimmer = new LogTrimmer({ connection, keys, documents })
    const retention =
      keep === undefined ? undefined : new LogRetention({ trimmer, keep, onError: onTrimError })
    const adapter: BackendAdapter<undefined> = {
      name: 'redis-stream',
      capabilities: streamCapabilities,
      manifest,
      documents,
      log: new RedisEventLog({
        connection,
        keys,
        guard: makeGuard(),
        waits,
        relay: new RedisRelayTarget({ connection, keys }),
        competing: new RedisCompeting({ connection, keys, waits }),
        published: (partition, events) => retention?.published(partition, events),
      }),
      doClose: async () => {
        waits.close()
        await retention?.drain()
        connection.detach()
        end()
      },
    }
    const trim = async (options: TrimOptions): Promise<readonly TrimmedPartition[]> => {
      checkTrimOptions(options, 'options')
      return Promise.all(keys.map((_, partition) => trimmer.trim(partition, options)))
    }
    return Object.assign(createBackend(adapter), { trim })
  } catch (error) {
    connection.detach()
    throw error
  }
}
