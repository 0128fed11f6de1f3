import { invalidArgument } from '@eventspine/core'
import { checkPrefix } from './keys.ts'

/** When a write is acknowledged: by the names that Couchbase has for it. */
export type Durability = 'majority' | 'majorityAndPersistToActive' | 'persistToMajority' | 'none'

/**
 * The numbers that the protocol has for them, and the client's `DurabilityLevel` too.
 *
 * @see https://docs.couchbase.com/server/current/learn/data/durability.html
 */
const LEVELS: Readonly<Record<Durability, number>> = {
  none: 0,
  majority: 1,
  majorityAndPersistToActive: 2,
  persistToMajority: 3,
}

/** How a store is opened, whoever made the client. */
export interface StoreOptions {
  /** What the keys of the store begin with: several stores fit in one collection. Default `eventspine`. */
  readonly prefix?: string | undefined
  /** Write the manifest of a new store first. Default `false`: verify only. */
  readonly create?: boolean | undefined
  /** Feed partitions of a store that is created, a power of two. Default 1. Of an existing one it is checked. */
  readonly partitions?: number | undefined
  /**
   * When a write is acknowledged. Default `majority`: most of the bucket's copies have it in memory. With `none` a failover
   * loses writes that others have built upon: the laws of the feed do not hold then.
   */
  readonly durability?: Durability | undefined
  /** Milliseconds between two looks at the feed while somebody waits for it. Default 20. */
  readonly pollIntervalMs?: number | undefined
}

export interface ResolvedStoreOptions {
  readonly prefix: string
  readonly create: boolean
  readonly partitions: number | undefined
  readonly durability: number
  readonly pollIntervalMs: number
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option, before any I/O. */
export function resolveOptions(options: StoreOptions): ResolvedStoreOptions {
  const { prefix = 'eventspine', create = false, partitions, pollIntervalMs = 20 } = options
  const { durability = 'majority' } = options
  checkPrefix(prefix)
  if (!Object.hasOwn(LEVELS, durability))
    throw invalidArgument('durability', `must be one of ${Object.keys(LEVELS).join(', ')}`)
  checkMs(pollIntervalMs, 'pollIntervalMs')
  return { prefix, create, partitions, durability: LEVELS[durability], pollIntervalMs }
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` unless a number that a timer takes. */
export function checkMs(value: unknown, field: string): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value < 2 ** 31) return
  throw invalidArgument(field, `must be an integer of at least 1, got ${String(value)}`)
}
