import { type Backend, invalidArgument, type OpenOptions } from '@eventspine/core'
import { openPgliteUrl } from './pglite.ts'
import { openPostgresUrl } from './postgres.ts'

/**
 * Opens what a URL names, for the registry: `postgres://…` and `postgresql://…` (with `schema`, `partitions` and `prepared` in the
 * query), `pglite:./folder` and `pglite:memory:`.
 *
 * @throws {@link EventStoreError} `INVALID_ARGUMENT` for another URL, else what opening throws.
 */
export async function openUrl(url: string, options: OpenOptions = {}): Promise<Backend> {
  if (/^postgres(ql)?:/i.test(url)) return openPostgresUrl(url, options)
  if (/^pglite:/i.test(url)) return openPgliteUrl(url, options)
  throw invalidArgument('url', 'must start with postgres://, postgresql:// or pglite:')
}
