import type { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { type Backend, type BackendAdapter, createBackend, EventStoreError, FeedWake } from '@eventspine/core'
import { capabilities } from './capabilities.ts'
import { createTable } from './create-table.ts'
import { DynamodbDocumentStore } from './dynamodb-document-store.ts'
import { DynamodbEventStore } from './dynamodb-event-store.ts'
import { FeedLook } from './feed-look.ts'
import { FeedReader } from './feed-reader.ts'
import { Keys } from './keys.ts'
import { readManifest, writeManifest } from './manifest.ts'
import type { ResolvedStoreOptions } from './options.ts'
import { Table } from './table.ts'

/** Opens the store under a prefix: creates it where asked, verifies it, and puts core's wrapper around it. */
export async function openStore(
  client: DynamoDBClient,
  options: ResolvedStoreOptions,
  end: () => void,
): Promise<Backend> {
  const { prefix, partitions, pollIntervalMs, lockTimeoutMs } = options
  const table = new Table(client, options.table)
  const keys = new Keys(prefix)
  if (options.create) await create(client, table, keys, partitions)
  const manifest = await readManifest(table, keys, prefix, partitions)
  const feed = new FeedReader(table, keys)
  const look = new FeedLook(table, keys, feed)
  const feedWake = new FeedWake({ lastSequences: (awaited) => look.lastSequences(awaited), pollIntervalMs })
  const adapter: BackendAdapter = {
    name: 'dynamodb',
    capabilities,
    manifest,
    lockTimeoutMs,
    store: new DynamodbEventStore({ table, keys, feed, feedWake }),
    documents: new DynamodbDocumentStore(table, keys),
    doClose: async () => {
      feedWake.wakeAll()
      end()
    },
  }
  return createBackend(adapter)
}

async function create(
  client: DynamoDBClient,
  table: Table,
  keys: Keys,
  partitions: number | undefined,
): Promise<void> {
  try {
    await writeManifest(table, keys, partitions)
  } catch (error) {
    if (!EventStoreError.is(error, 'STORE_MISSING')) throw error
    await createTable(client, { table: table.name })
    await writeManifest(table, keys, partitions)
  }
}
