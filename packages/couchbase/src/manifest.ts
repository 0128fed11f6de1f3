import { checkManifest, createManifest, EventStoreError, type StoreManifest } from '@eventspine/core'
import type { Connection } from './connection.ts'
import type { Keys } from './keys.ts'

/** Writes the manifest of a new store; one that is there stays as it is. */
export async function writeManifest(
  connection: Connection,
  keys: Keys,
  partitions: number | undefined,
): Promise<void> {
  await connection.insert(keys.manifest, createManifest(partitions))
}

/** @throws {@link EventStoreError} `STORE_MISSING`, `STORE_INCOMPATIBLE`. */
export async function readManifest(
  connection: Connection,
  keys: Keys,
  partitions: number | undefined,
): Promise<StoreManifest> {
  const found = await connection.get<StoreManifest>(keys.manifest)
  if (found === undefined) {
    throw new EventStoreError(
      'STORE_MISSING',
      `couchbase: there is no document "${keys.manifest}": run createStore() or open with create: true`,
    )
  }
  return checkManifest(found.content, { partitions })
}
