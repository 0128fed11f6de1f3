import type { Backend, OpenOptions } from '@eventspine/core'
import { kafka } from './kafka.ts'

/**
 * Opens what a URL names, for the registry: `kafka://host:9092,host:9092/topic`, with `partitions`, `producer` and
 * `foreign` in the query.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` for another URL, else what opening throws.
 */
export function openUrl(url: string, { create, partitions }: OpenOptions = {}): Promise<Backend> {
  return kafka.connect(url, { create, partitions })
}
