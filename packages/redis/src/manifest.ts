import { checkManifest, createManifest, EventStoreError, type StoreManifest } from '@eventspine/core'
import type { Connection } from './connection.ts'
import { manifestKey } from './keys.ts'
import { script } from './scripts/script.ts'

const FIELDS = ['formatVersion', 'incarnation', 'partitions', 'hash', 'codec'] as const

/** KEYS: manifest. ARGV: fields and values. Two that create at once must end up with one manifest. */
const createScript = script(`
if redis.call('EXISTS', KEYS[1]) == 0 then redis.call('HSET', KEYS[1], unpack(ARGV)) end
return 1
`)

/** Writes the manifest of a new store; one that is there stays as it is. */
export async function writeManifest(
  connection: Connection,
  prefix: string,
  partitions: number | undefined,
): Promise<void> {
  const manifest = createManifest(partitions)
  const args = FIELDS.flatMap((field) => [field, String(manifest[field])])
  await connection.writeScript(createScript, [manifestKey(prefix)], args)
}

/** @throws {@link EventStoreError} `STORE_MISSING`, `STORE_INCOMPATIBLE`. */
export async function readManifest(
  connection: Connection,
  prefix: string,
  partitions: number | undefined,
): Promise<StoreManifest> {
  const answer = await connection.read('hmget', manifestKey(prefix), ...FIELDS)
  const [formatVersion, incarnation, count, hash, codec] = answer as readonly (string | null)[]
  if (typeof formatVersion !== 'string') {
    throw new EventStoreError(
      'STORE_MISSING',
      `redis: there is no store under the prefix "${prefix}": run createStore() or open with create: true`,
    )
  }
  return checkManifest(
    {
      formatVersion: Number(formatVersion),
      incarnation: incarnation ?? '',
      partitions: Number(count),
      // Checked there, like the rest.
      hash: hash as StoreManifest['hash'],
      codec: codec as StoreManifest['codec'],
    },
    { partitions },
  )
}
