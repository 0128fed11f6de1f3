import { invalidArgument } from '@eventspine/core'
import { quoteSchema } from './schema-name.ts'

/** How a store in a database is opened, whatever the driver. */
export interface StoreOptions {
  /** The schema that holds the store: several stores fit in one database. Default `eventspine`. */
  readonly schema?: string | undefined
  /** Milliseconds that appends which do not say wait for other writers, and all other writes. Default 2,000. */
  readonly lockTimeoutMs?: number | undefined
  /** Create the schema or run its migrations first. Default `false`: verify only. */
  readonly create?: boolean | undefined
  /** Feed partitions of a store that is created, a power of two. Default 1. Of an existing one it is checked. */
  readonly partitions?: number | undefined
  /**
   * Milliseconds between two looks at the database while somebody waits for the feed: how late commits of other processes are
   * seen at most. Commits over the same pool or database of PGlite are seen at once. Default 10; on PGlite, where only
   * transactions that the caller opened are left to look for, 250.
   */
  readonly pollIntervalMs?: number | undefined
}

export interface ResolvedStoreOptions {
  readonly schema: string
  readonly lockTimeoutMs: number
  readonly create: boolean
  readonly partitions: number | undefined
  readonly pollIntervalMs: number
}

const DEFAULTS = { schema: 'eventspine', lockTimeoutMs: 2000 } as const

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option, before any I/O. */
export function resolveOptions(options: StoreOptions, defaultPollIntervalMs: number): ResolvedStoreOptions {
  const { schema = DEFAULTS.schema, create = false, partitions } = options
  const { lockTimeoutMs = DEFAULTS.lockTimeoutMs, pollIntervalMs = defaultPollIntervalMs } = options
  quoteSchema(schema)
  checkMs(lockTimeoutMs, 'lockTimeoutMs')
  checkMs(pollIntervalMs, 'pollIntervalMs')
  return { schema, lockTimeoutMs, create, partitions, pollIntervalMs }
}

function checkMs(value: unknown, field: string): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value < 2 ** 31) return
  throw invalidArgument(field, `must be an integer of at least 1, got ${String(value)}`)
}
