import { randomUUID } from 'node:crypto'

/** Keys of one's own, for a test that must not meet another. */
export interface OwnKeyPrefix {
  /** The server's URL with `?prefix=`, as the Couchbase adapter takes it. */
  readonly url: string
  /** What the keys of this test begin with. */
  readonly prefix: string
}

/**
 * Thinks of a prefix that nobody else uses. There is nothing to remove them by: no key-value operation lists keys, and
 * an emulator is gone with the run. On a real cluster give tests a bucket to be flushed.
 *
 * @param url - `couchbase://…/bucket`
 */
export function ownKeyPrefix(url: string): OwnKeyPrefix {
  const prefix = `t${randomUUID().replaceAll('-', '').slice(0, 16)}`
  return { url: `${url}${url.includes('?') ? '&' : '?'}prefix=${prefix}`, prefix }
}
