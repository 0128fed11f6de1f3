import { type Backend, type BackendAdapter, createBackend } from '@eventspine/core'
import { capabilities } from './capabilities.ts'
import type { RedisClient } from './client.ts'
import { Committer } from './committer.ts'
import { Connection } from './connection.ts'
import { FeedWake } from './feed-wake.ts'
import { type PartitionKeys, partitionKeys } from './keys.ts'
import { readManifest, writeManifest } from './manifest.ts'
import type { ResolvedStoreOptions } from './options.ts'
import { RedisDocumentStore } from './redis-document-store.ts'
import { RedisEventStore } from './redis-event-store.ts'
import { ResendGuard, resends } from './resend-guard.ts'
import { checkServers } from './server-check.ts'

/** Opens the store under a prefix: creates it where asked, verifies it, and puts core's wrapper around it. */
export async function openStore(
  client: RedisClient,
  options: ResolvedStoreOptions,
  end: () => void,
): Promise<Backend> {
  const { prefix, partitions, bodyInFeed, pollIntervalMs } = options
  const connection = new Connection(client)
  try {
    await checkServers(client, options.allowEviction)
    if (options.create) await writeManifest(connection, prefix, partitions)
    const manifest = await readManifest(connection, prefix, partitions)
    const keys = partitionKeys(prefix, manifest.partitions)
    const feedWake = new FeedWake({
      lastSequences: (awaited) => lastSequences(connection, keys, awaited),
      pollIntervalMs,
    })
    const guard = resends(client) ? new ResendGuard() : undefined
    const committer = new Committer({ connection, keys, bodyInFeed, guard })
    const adapter: BackendAdapter = {
      name: 'redis',
      capabilities,
      manifest,
      store: new RedisEventStore({
        connection,
        keys,
        committer,
        bodyInFeed,
        waitForFeed: (partition, after, signal) => feedWake.wait(partition, after, signal),
      }),
      documents: new RedisDocumentStore({ connection, keys, committer }),
      doClose: async () => {
        feedWake.wakeAll()
        connection.detach()
        end()
      },
    }
    return createBackend(adapter)
  } catch (error) {
    connection.detach()
    throw error
  }
}

async function lastSequences(
  connection: Connection,
  keys: readonly PartitionKeys[],
  partitions: readonly number[],
): Promise<ReadonlyMap<number, number>> {
  const entries = partitions.map(async (partition): Promise<[number, number]> => {
    const value = Number((await connection.read('get', keys[partition]?.sequence ?? '')) ?? 0)
    // Negative: sealed.
    return [partition, value < 0 ? -value - 1 : value]
  })
  return new Map(await Promise.all(entries))
}
