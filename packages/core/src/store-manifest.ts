import { randomBytes } from 'node:crypto'
import { EventStoreError } from './error.ts'
import { checkPartitionCount, isPartitionCount } from './partition.ts'

/** The layout that this version of Eventspine reads and writes. A store of a newer one is refused. */
export const FORMAT_VERSION = 1

/** Written once when a store is created, checked whenever it is opened. */
export interface StoreManifest {
  readonly formatVersion: number
  /** 16 random hex digits; a restored copy that should live on its own needs a new one. */
  readonly incarnation: string
  /** Number of feed partitions, a power of two. Fixed for the life of a store. */
  readonly partitions: number
  readonly hash: 'murmur2'
  readonly codec: 'json'
}

/** The manifest of a new store. */
export function createManifest(partitions = 1): StoreManifest {
  checkPartitionCount(partitions)
  return {
    formatVersion: FORMAT_VERSION,
    incarnation: randomBytes(8).toString('hex'),
    partitions,
    hash: 'murmur2',
    codec: 'json',
  }
}

/**
 * Checks what was read from a store before anything else is done with it.
 *
 * @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: a newer format, an unknown hash or codec, another
 *   partition count than asked for, or damaged fields. Nothing was written.
 */
export function checkManifest(
  manifest: StoreManifest,
  wanted: { readonly partitions?: number | undefined } = {},
): StoreManifest {
  const { formatVersion, incarnation, partitions, hash, codec } = manifest
  if (formatVersion !== FORMAT_VERSION) {
    throw incompatible(
      `has format version ${formatVersion}, this version of Eventspine reads ${FORMAT_VERSION}` +
        (formatVersion > FORMAT_VERSION ? ': upgrade the library' : ': run the migrations'),
    )
  }
  if (hash !== 'murmur2' || codec !== 'json') throw incompatible(`uses hash ${hash} and codec ${codec}`)
  if (!/^[0-9a-f]{16}$/.test(incarnation)) throw incompatible('has a damaged incarnation')
  if (!isPartitionCount(partitions))
    throw incompatible(`has a damaged partition count, ${String(partitions)}`)
  if (wanted.partitions !== undefined && wanted.partitions !== partitions) {
    throw incompatible(
      `has ${partitions} partitions, ${wanted.partitions} were asked for: the count is fixed at creation`,
    )
  }
  return manifest
}

function incompatible(message: string): EventStoreError<'STORE_INCOMPATIBLE'> {
  return new EventStoreError('STORE_INCOMPATIBLE', `the store ${message}`)
}
