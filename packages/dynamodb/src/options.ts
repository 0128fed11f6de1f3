import { invalidArgument } from '@eventspine/core'
import { checkPrefix } from './keys.ts'

/** How a store is opened, whoever made the client. */
export interface StoreOptions {
  /** What the partition keys of the store begin with: several stores fit in one table. Default `eventspine`. */
  readonly prefix?: string | undefined
  /**
   * Make the table, on demand and with the service's own key, unless it is there, and write the manifest of a new store.
   * Default `false`: verify only.
   */
  readonly create?: boolean | undefined
  /** Feed partitions of a store that is created, a power of two. Default 1. Of an existing one it is checked. */
  readonly partitions?: number | undefined
  /**
   * Milliseconds between two looks at the feed while somebody waits for it: each is one request, of half a read unit for
   * every partition that is waited for. Commits of this process wake at once. Default 100.
   */
  readonly pollIntervalMs?: number | undefined
  /**
   * Milliseconds that an append which does not say goes on while other writers are ahead of it, or capacity is short, before
   * it is `BUSY`. Default 10,000.
   */
  readonly lockTimeoutMs?: number | undefined
}

export interface ResolvedStoreOptions {
  readonly table: string
  readonly prefix: string
  readonly create: boolean
  readonly partitions: number | undefined
  readonly pollIntervalMs: number
  readonly lockTimeoutMs: number
}

const DEFAULTS = { prefix: 'eventspine', pollIntervalMs: 100, lockTimeoutMs: 10_000 } as const

/** A name or an ARN. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_CreateTable.html */
const TABLE = /^([A-Za-z0-9_.-]{3,255}|arn:[A-Za-z0-9_.:/-]{3,1000})$/

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option, before any I/O. */
export function resolveOptions(options: StoreOptions & { readonly table: string }): ResolvedStoreOptions {
  const { table, prefix = DEFAULTS.prefix, create = false, partitions } = options
  const { pollIntervalMs = DEFAULTS.pollIntervalMs, lockTimeoutMs = DEFAULTS.lockTimeoutMs } = options
  checkTable(table)
  checkPrefix(prefix)
  checkMs(pollIntervalMs, 'pollIntervalMs')
  checkMs(lockTimeoutMs, 'lockTimeoutMs')
  return { table, prefix, create, partitions, pollIntervalMs, lockTimeoutMs }
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT`. */
export function checkTable(table: unknown): asserts table is string {
  if (typeof table !== 'string' || !TABLE.test(table))
    throw invalidArgument('table', 'must be the name or ARN of a table: 3 to 255 letters, digits and _ . -')
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` unless a number that a timer takes. */
export function checkMs(value: unknown, field: string): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value < 2 ** 31) return
  throw invalidArgument(field, `must be an integer of at least 1, got ${String(value)}`)
}
