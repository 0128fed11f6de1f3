import { invalidArgument } from '@eventspine/core'

const PREFIX = /^[A-Za-z0-9_.:/@-]{1,100}$/
const DIGITS = 16

/** The key of an item. */
export interface ItemKey {
  readonly pk: string
  readonly sk: string
}

/** @throws {@link EventStoreError} `INVALID_ARGUMENT` unless `prefix` can begin the keys of a store. */
export function checkPrefix(prefix: unknown): asserts prefix is string {
  if (typeof prefix !== 'string' || !PREFIX.test(prefix))
    throw invalidArgument('prefix', 'must be 1 to 100 letters, digits and _ . : / @ -')
}

/** A version or sequence as a sort key: digits of one length are ordered as strings like the numbers they stand for. */
export function numberKey(number: number): string {
  return String(number).padStart(DIGITS, '0')
}

/** Before the first and behind the last number key. */
export const FIRST_NUMBER = numberKey(1)
export const LAST_NUMBER = numberKey(Number.MAX_SAFE_INTEGER)

/** Where a stream keeps what is known of it besides its commits: before all of them. */
export const STREAM_NOTE = '0'

/** The keys of one store's items. A prefix has no `|`, so none can run into another. */
export class Keys {
  readonly manifest: ItemKey
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
    this.manifest = { pk: `${prefix}|m`, sk: 'manifest' }
  }

  feed(partition: number): string {
    return `${this.#prefix}|f|${partition}`
  }

  stream(streamId: string): string {
    return `${this.#prefix}|s|${streamId}`
  }

  /** What did not fit into the item of a commit. */
  parts(streamId: string): string {
    return `${this.#prefix}|p|${streamId}`
  }

  documents(collection: string, partition: number): string {
    return `${this.#prefix}|d|${partition}|${collection}`
  }
}

/** The sort key of the part of a commit's text that follows `index` others. */
export function partKey(version: number, index: number): string {
  return `${numberKey(version)}.${String(index).padStart(3, '0')}`
}
