import type { Backend, OpenOptions } from '@eventspine/core'
import { redis } from './redis.ts'

/**
 * Opens what a URL names, for the registry: `redis://…`, `rediss://…`, `redis-cluster://…` and `rediss-cluster://…`, with
 * `prefix`, `partitions` and `feed` in the query.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` for another URL, else what opening throws.
 */
export function openUrl(url: string, { create, partitions }: OpenOptions = {}): Promise<Backend> {
  return redis.connect(url, { create, partitions })
}
