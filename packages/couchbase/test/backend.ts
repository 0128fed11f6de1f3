import { type OpenRequest, type TestBackend, testBed } from '@eventspine/conformance'
import { ownKeyPrefix } from '@eventspine/servers'
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

/** Keys of its own in the bucket of the server. */
export function openCouchbase({ partitions }: OpenRequest): Promise<TestBackend> {
  const { url } = ownKeyPrefix(serverUrl())
  const timeouts = { connectTimeoutMs: REPLY_TIMEOUT_MS, replyTimeoutMs: REPLY_TIMEOUT_MS }
  // What is there already is left as it is.
  return testBed(() => couchbase.connect(url, { create: true, partitions, ...timeouts }), {
    child: { module: adapter, url },
  })
}
