import { createHash } from 'node:crypto'
import { EventStoreError, invalidArgument } from '@eventspine/core'

/** https://docs.couchbase.com/server/current/learn/data/data.html#keys, less what a collection's id takes of them. */
const MAX_KEY_BYTES = 245

const PREFIX = /^[A-Za-z0-9_.:/@-]{1,50}$/

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` unless `prefix` can begin the keys of a store. */
export function checkPrefix(prefix: unknown, field = 'prefix'): asserts prefix is string {
  if (typeof prefix !== 'string' || !PREFIX.test(prefix))
    throw invalidArgument(field, 'must be 1 to 50 letters, digits and _ . : / @ -')
}

/** The keys of one store. What comes from users is last in them, so that no two things share a key. */
export class Keys {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  get manifest(): string {
    return `${this.#prefix}:manifest`
  }

  page(partition: number, page: number): string {
    return `${this.#prefix}:f:${partition}:${page}`
  }

  /** Where the last page of a partition was seen. */
  pageHint(partition: number): string {
    return `${this.#prefix}:l:${partition}`
  }

  commit(streamId: string, number: number): string {
    return fitting(`${this.#prefix}:c:${number}:`, streamId)
  }

  /** What is known of a stream as a whole. */
  stream(streamId: string): string {
    return fitting(`${this.#prefix}:s:`, streamId)
  }

  document(collection: string, partition: number, key: string): string {
    return fitting(`${this.#prefix}:d:${partition}:`, documentName(collection, key))
  }

  directory(collection: string, partition: number, shard: number): string {
    return fitting(`${this.#prefix}:k:${partition}:${shard}:`, collection)
  }
}

/** Collection and key may both hold colons: the length says where one ends. */
export function documentName(collection: string, key: string): string {
  return `${Buffer.byteLength(collection)}:${collection}:${key}`
}

/** In no name. */
const HASH_MARK = '\u0001'

/** Whether a hash stands for a name in `key`, so that what is there may be of another name. */
export function isHashed(key: string): boolean {
  return key.includes(HASH_MARK)
}

/** A hash stands for a name that is too long, behind a mark that keeps it apart from names that look like one. */
function fitting(start: string, name: string): string {
  if ((start.length + name.length) * 3 <= MAX_KEY_BYTES) return start + name
  if (Buffer.byteLength(start) + Buffer.byteLength(name) <= MAX_KEY_BYTES) return start + name
  return `${start}${HASH_MARK}${createHash('sha256').update(name).digest('base64url')}`
}

/**
 * Holds what was read against the name that it was read by, since two names may have one hash.
 *
 * @throws {@link EventStoreError} `BACKEND_FAILED`: it is of another.
 */
export function checkName(stored: unknown, name: string): void {
  if (stored === name) return
  throw new EventStoreError(
    'BACKEND_FAILED',
    `couchbase: what is stored for ${JSON.stringify(name)} is of another name: something else writes to the keys of the store`,
  )
}
