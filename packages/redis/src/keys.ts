import { invalidArgument } from '@eventspine/core'

// Braces would change which part of a key decides its slot.
const PREFIX = /^[A-Za-z0-9_.:/@-]{1,100}$/

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` unless `prefix` can begin the keys of a store. */
export function checkPrefix(prefix: unknown, field = 'prefix'): asserts prefix is string {
  if (typeof prefix !== 'string' || !PREFIX.test(prefix))
    throw invalidArgument(field, 'must be 1 to 100 letters, digits and _ . : / @ -')
}

/** The key of the store's manifest. */
export function manifestKey(prefix: string): string {
  return `{${prefix}}:manifest`
}

/** The keys of one partition. They share a hash tag, so that one script may touch all of them on a cluster too. */
export class PartitionKeys {
  readonly heads: string
  readonly sequence: string
  readonly feed: string
  readonly hidden: string
  readonly revision: string
  readonly #base: string

  constructor(prefix: string, partition: number) {
    this.#base = `{${prefix}:${partition}}:`
    this.heads = `${this.#base}heads`
    this.sequence = `${this.#base}sequence`
    this.feed = `${this.#base}feed`
    this.hidden = `${this.#base}hidden`
    this.revision = `${this.#base}revision`
  }

  stream(streamId: string): string {
    return `${this.#base}s:${streamId}`
  }

  /** What is left of the removed events of a stream. */
  tombstones(streamId: string): string {
    return `${this.#base}t:${streamId}`
  }

  /** The events of a deleted stream that are not removed yet. */
  grave(streamId: string): string {
    return `${this.#base}g:${streamId}`
  }

  /** The length says where the collection ends: both it and the key may hold colons. */
  document(collection: string, key: string): string {
    return `${this.#base}d:${Buffer.byteLength(collection)}:${collection}:${key}`
  }

  listing(collection: string): string {
    return `${this.#base}l:${collection}`
  }

  /** Answers to the latest calls of one client, for when it sends them again. */
  answers(client: string): string {
    return `${this.#base}a:${client}`
  }
}

/** The keys of all partitions, made once. */
export function partitionKeys(prefix: string, partitions: number): readonly PartitionKeys[] {
  return Array.from({ length: partitions }, (_, partition) => new PartitionKeys(prefix, partition))
}
