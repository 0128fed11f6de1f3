import { type Backend, type BackendAdapter, createBackend, notSupported } from '@eventspine/core'
import { capabilities } from './capabilities.ts'
import type { RedisClient } from './client.ts'
import { Committer } from './committer.ts'
import { Connection } from './connection.ts'
import { partitionKeys } from './keys.ts'
import { readManifest, writeManifest } from './manifest.ts'
import type { ResolvedStoreOptions } from './options.ts'
import { RedisDocumentStore } from './redis-document-store.ts'
import { RedisEventStore } from './redis-event-store.ts'
import { ResendGuard, resends } from './resend-guard.ts'
import { checkServers } from './server-check.ts'
import { feedWaits } from './wait-for-feed.ts'

/** Opens the store under a prefix: creates it where asked, verifies it, and puts core's wrapper around it. */
export async function openStore(
  client: RedisClient,
  options: ResolvedStoreOptions,
  end: () => void,
): Promise<Backend> {
  const { prefix, partitions, bodyInFeed, pollIntervalMs } = options
  if (options.wait !== undefined && client.isCluster) {
    // WAIT speaks for one connection, and a client of a cluster does not say over which one a write went.
    throw notSupported('redis: wait is not supported on a cluster; min-replicas-to-write of its servers is')
  }
  const connection = new Connection(client, options.wait)
  try {
    await checkServers(client, options.allowEviction)
    if (options.create) await writeManifest(connection, prefix, partitions)
    const manifest = await readManifest(connection, prefix, partitions)
    const keys = partitionKeys(prefix, manifest.partitions)
    const waits = feedWaits(connection, keys, pollIntervalMs)
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
        waitForFeed: (partition, after, signal) => waits.wait(partition, after, signal),
      }),
      documents: new RedisDocumentStore({ connection, keys, committer }),
      doClose: async () => {
        waits.close()
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
