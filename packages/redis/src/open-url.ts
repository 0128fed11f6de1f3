import type { Backend, OpenOptions } from '@eventspine/core'
import { redis } from './redis.ts'
import { parseRedisUrl } from './redis-url.ts'
import { redisStream } from './stream/redis-stream.ts'

/**
 * Opens what a URL names, for the registry: `redis://…`, `rediss://…`, `redis-cluster://…` and `rediss-cluster://…`, with
 * `prefix`, `partitions` and `feed` in the query. With `topic` there, it opens a stream instead of a store.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` for another URL, else what opening throws.
 */
export async function openUrl(url: string, { create, partitions }: OpenOptions = {}): Promise<Backend> {
  const isStream = parseRedisUrl(url).topic !== undefined
  return isStream
    ? redisStream.connect(url, { create, partitions })
    : redis.connect(url, { create, partitions })
}
