import type { Random } from '@eventspine/conformance'
import {
  startCouchbase,
  startCouchbaseProxy,
  type CouchbaseFate,
  type CouchbaseRequest,
} from '@eventspine/servers'
import { networkFaults, type NamedFate } from '../network-faults.ts'
import type { Target } from '../target.ts'

const module = new URL('../stores/couchbase-store.ts', import.meta.url).href

/** The emulator behind a proxy that has some calls fail. It keeps everything in memory, so nobody kills it. */
export async function openCouchbase(): Promise<Target> {
  const server = await startCouchbase()
  const proxy = await startCouchbaseProxy(server.url)
  let stores = 0
  return {
    // Effects that are exactly once need batches of documents, which this store has not.
    documents: false,
    sharedTransaction: false,
    processes: 3,
    leaseMs: 2000,
    mostCalls: 100,
    faults: networkFaults(proxy, fateOf),
    newStore: async () => ({ module, url: `${proxy.url}?prefix=torture-${++stores}` }),
    [Symbol.asyncDispose]: async () => {
      await proxy.close()
      await server.stop()
    },
  }
}

/** A cut ends all calls of its process that are under way, so it is rare; a late call is not. */
function fateOf(_request: CouchbaseRequest, random: Random): NamedFate<CouchbaseFate> | undefined {
  const lot = random.next()
  if (lot < 0.004) return { name: 'reply lost', fate: 'lose-reply' }
  if (lot < 0.008) return { name: 'request lost', fate: 'lose-request' }
  if (lot < 0.016) {
    return { name: 'request overtaken', fate: { delayMs: random.integer(5, 1_000), cut: true } }
  }
  return lot < 0.08 ? { name: 'request late', fate: { delayMs: random.integer(1, 200) } } : undefined
}
