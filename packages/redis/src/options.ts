import { invalidArgument } from '@eventspine/core'
import { checkPrefix } from './keys.ts'
import type { ReplicaWaitOptions } from './replica-wait.ts'

/** How a store is opened, whoever made the client. */
export interface StoreOptions {
  /** What the keys of the store begin with, within braces: several stores fit in one database. Default `eventspine`. */
  readonly prefix?: string | undefined
  /** Write the manifest of a new store first. Default `false`: verify only. */
  readonly create?: boolean | undefined
  /** Feed partitions of a store that is created, a power of two. Default 1. Of an existing one it is checked. */
  readonly partitions?: number | undefined
  /**
   * What the feed holds of a commit of one event: `reference`, the name of its stream, or `body`, a copy, which reads
   * faster and takes 1.8 times the memory. May change at any time, and differ between writers. Default `reference`.
   */
  readonly feed?: 'reference' | 'body' | undefined
  /** Open a store on a server that may throw keys away when its memory is full. Default `false`: refuse. */
  readonly allowEviction?: boolean | undefined
  /**
   * Acknowledge a write when so many replicas have received it; too few in time is `OUTCOME_UNKNOWN`. Not on a cluster.
   * Default: do not wait.
   */
  readonly wait?: ReplicaWaitOptions | undefined
  /**
   * Milliseconds between two looks at the feed while somebody waits for it, of stores with more than 16
   * partitions; others are told by the server. Default 10.
   */
  readonly pollIntervalMs?: number | undefined
}

export interface ResolvedStoreOptions {
  readonly prefix: string
  readonly create: boolean
  readonly partitions: number | undefined
  readonly bodyInFeed: boolean
  readonly allowEviction: boolean
  readonly wait: ReplicaWaitOptions | undefined
  readonly pollIntervalMs: number
}

const DEFAULTS = { prefix: 'eventspine', pollIntervalMs: 10 } as const

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` naming the option, before any I/O. */
export function resolveOptions(options: StoreOptions): ResolvedStoreOptions {
  const { prefix = DEFAULTS.prefix, create = false, partitions, feed = 'reference' } = options
  const { allowEviction = false, pollIntervalMs = DEFAULTS.pollIntervalMs, wait } = options
  checkPrefix(prefix)
  if (feed !== 'reference' && feed !== 'body') throw invalidArgument('feed', "must be 'reference' or 'body'")
  checkMs(pollIntervalMs, 'pollIntervalMs')
  if (wait !== undefined) {
    checkMs(wait.replicas, 'wait.replicas')
    checkMs(wait.timeoutMs, 'wait.timeoutMs')
  }
  return { prefix, create, partitions, bodyInFeed: feed === 'body', allowEviction, wait, pollIntervalMs }
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` unless a number that a timer takes, or a count. */
export function checkMs(value: unknown, field: string): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value < 2 ** 31) return
  throw invalidArgument(field, `must be an integer of at least 1, got ${String(value)}`)
}
