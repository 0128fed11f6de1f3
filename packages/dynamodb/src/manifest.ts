import { checkManifest, createManifest, EventStoreError, type StoreManifest } from '@eventspine/core'
import type { Item } from './item.ts'
import type { Keys } from './keys.ts'
import type { Table } from './table.ts'

/** Writes the manifest of a new store; one that is there stays as it is. */
export async function writeManifest(table: Table, keys: Keys, partitions: number | undefined): Promise<void> {
  // Asked first, since that also tells whether the table has these keys: one that takes an item may have others.
  if ((await table.get(keys.manifest)) !== undefined) return
  const { formatVersion, incarnation, partitions: count, hash, codec } = createManifest(partitions)
  const item: Item = {
    pk: { S: keys.manifest.pk },
    sk: { S: keys.manifest.sk },
    formatVersion: { N: String(formatVersion) },
    incarnation: { S: incarnation },
    partitions: { N: String(count) },
    hash: { S: hash },
    codec: { S: codec },
  }
  await table.put({ Item: item, ConditionExpression: 'attribute_not_exists(pk)' })
}

/** @throws {@link EventStoreError} `STORE_MISSING`, `STORE_INCOMPATIBLE`. */
export async function readManifest(
  table: Table,
  keys: Keys,
  prefix: string,
  partitions: number | undefined,
): Promise<StoreManifest> {
  const item = await table.get(keys.manifest)
  if (item === undefined) {
    throw new EventStoreError(
      'STORE_MISSING',
      `dynamodb: the table "${table.name}" has no store under the prefix "${prefix}": run createStore() or open with create: true`,
    )
  }
  return checkManifest(
    {
      formatVersion: Number(item['formatVersion']?.N),
      incarnation: item['incarnation']?.S ?? '',
      partitions: Number(item['partitions']?.N),
      // Checked there, like the rest.
      hash: item['hash']?.S as StoreManifest['hash'],
      codec: item['codec']?.S as StoreManifest['codec'],
    },
    { partitions },
  )
}
