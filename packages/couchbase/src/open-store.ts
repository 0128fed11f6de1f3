import { type Backend, createBackend, FeedWake } from '@eventspine/core'
import type { CouchbaseCollection } from './client.ts'
import { capabilities } from './capabilities.ts'
import { Connection } from './connection.ts'
import { CouchbaseDocumentStore } from './couchbase-document-store.ts'
import { CouchbaseEventStore } from './couchbase-event-store.ts'
import { Decisions } from './decisions.ts'
import { FeedReader } from './feed-reader.ts'
import { FeedWriter } from './feed-writer.ts'
import { Keys } from './keys.ts'
import { readManifest, writeManifest } from './manifest.ts'
import type { ResolvedStoreOptions } from './options.ts'
import { PageChain } from './page-chain.ts'
import type { Partition } from './partition.ts'

/** Losing a race is found out by trying, so many writers of one stream take their time. */
const LOCK_TIMEOUT_MS = 30_000

/** Opens the store under a prefix: creates it where asked, verifies it, and puts core's wrapper around it. */
export async function openStore(
  collection: CouchbaseCollection,
  options: ResolvedStoreOptions,
  end: () => Promise<void>,
): Promise<Backend> {
  const { prefix, create, partitions: wanted, durability, pollIntervalMs } = options
  const connection = new Connection(collection, durability)
  const keys = new Keys(prefix)
  if (create) await writeManifest(connection, keys, wanted)
  const manifest = await readManifest(connection, keys, wanted)
  const partitions = Array.from({ length: manifest.partitions }, (_, number): Partition => {
    const chain = new PageChain(connection, keys, number)
    return {
      number,
      chain,
      writer: new FeedWriter(connection, chain),
      decisions: new Decisions(connection, keys),
      committed: (sequence) => feedWake.committed(number, sequence),
    }
  })
  const feeds = partitions.map((partition) => new FeedReader(connection, partition))
  const feedWake = new FeedWake({
    lastSequences: async (awaited) =>
      new Map(
        await Promise.all(
          awaited.map(async (number): Promise<[number, number]> => [
            number,
            (await feeds[number]?.headSequence()) ?? 0,
          ]),
        ),
      ),
    pollIntervalMs,
  })
  return createBackend({
    name: 'couchbase',
    capabilities,
    manifest,
    lockTimeoutMs: LOCK_TIMEOUT_MS,
    store: new CouchbaseEventStore({ connection, keys, partitions, feeds, feedWake }),
    documents: new CouchbaseDocumentStore(connection, keys),
    doClose: async () => {
      feedWake.wakeAll()
      await Promise.all(partitions.map(({ writer }) => writer.settled()))
      await end()
    },
  })
}
