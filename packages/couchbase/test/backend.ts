import { type OpenRequest, type TestBackend, testBed } from '@eventspine/conformance'
import { ownKeyPrefix, startCouchbaseProxy } from '@eventspine/servers'
import { couchbase } from '../src/index.ts'

const adapter = new URL('../src/index.ts', import.meta.url).href

/** Far more than an operation takes on a machine with too much to do. */
export const REPLY_TIMEOUT_MS = 60_000

/** The URL of the server that the run has started, or was given. */
export function serverUrl(): string {
  const url = process.env['EVENTSPINE_TEST_COUCHBASE']
  if (url === undefined)
    throw new Error('EVENTSPINE_TEST_COUCHBASE is not set: run through vitest of the workspace')
  return url
}

/** Keys of its own in the bucket of the server; clients reach it through a proxy that can lose replies. */
export async function openCouchbase({ partitions }: OpenRequest): Promise<TestBackend> {
  const { url, prefix } = ownKeyPrefix(serverUrl())
  const proxy = await startCouchbaseProxy(serverUrl())
  const timeouts = { connectTimeoutMs: REPLY_TIMEOUT_MS, replyTimeoutMs: REPLY_TIMEOUT_MS }
  // What is there already is left as it is.
  const open = () => couchbase.connect(proxy.url, { prefix, create: true, partitions, ...timeouts })
  return testBed(open, {
    child: { module: adapter, url },
    // The insert decides: once it was executed, so is the append.
    loseReply: () => {
      void proxy.strike('lose-reply', { operation: 'insert', containing: 'counter:lost' })
      return Promise.resolve()
    },
    remove: () => proxy.close(),
  })
}
