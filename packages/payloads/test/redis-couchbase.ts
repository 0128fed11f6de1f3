import type { OpenRequest, TestBackend } from '@eventspine/conformance'
import { createKeyspace, ownKeyPrefix, startFaultProxy } from '@eventspine/servers'
import { openPair } from './pair-bed.ts'

/** Keys of their own: events in Redis, all of their data in Couchbase (an emulator, unless a cluster was given). */
export async function openRedisCouchbase(
  servers: { readonly redis: string; readonly couchbase: string },
  request: OpenRequest,
): Promise<TestBackend> {
  const keyspace = createKeyspace(servers.redis)
  const proxy = await startFaultProxy(servers.redis)
  const proxied = new URL(keyspace.url)
  proxied.host = new URL(proxy.url).host
  const pair = {
    urls: { target: keyspace.url, payloads: ownKeyPrefix(servers.couchbase).url },
    proxiedTarget: proxied.href,
    proxy,
    remove: () => keyspace.remove(),
  }
  return openPair(pair, request)
}
