import type { Backend, OpenOptions } from '@eventspine/core'
import { dynamodb } from './dynamodb.ts'

/**
 * Opens what a URL names, for the registry: `dynamodb://…`, with `region`, `ssl`, `prefix` and `partitions` in the query.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` for another URL, else what opening throws.
 */
export async function openUrl(url: string, { create, partitions }: OpenOptions = {}): Promise<Backend> {
  return dynamodb.connect(url, { create, partitions })
}
