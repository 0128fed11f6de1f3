import type { Backend, OpenOptions } from '@eventspine/core'
import { couchbase } from './couchbase.ts'

/**
 * Opens what a URL names, for the registry: `couchbase://…` and `couchbases://…`.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` for another URL, else what opening throws.
 */
export function openUrl(url: string, { create, partitions }: OpenOptions = {}): Promise<Backend> {
  return couchbase.connect(url, { create, partitions })
}
