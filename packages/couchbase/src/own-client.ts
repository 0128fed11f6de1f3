import { classifyError } from './classify-error.ts'
import { clientModule, type CouchbaseCluster, type CouchbaseCollection } from './client.ts'
import type { ParsedCouchbaseUrl } from './couchbase-url.ts'
import { checkMs } from './options.ts'

/** How a client of our own waits. */
export interface ClientOptions {
  /** Milliseconds to wait for the cluster before `BACKEND_UNAVAILABLE`. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined
  /** Milliseconds to wait for an answer to one operation. Default 10,000. */
  readonly replyTimeoutMs?: number | undefined
}

/**
 * Makes a client for `open`, which is given what ends it. When `open` fails, it is ended.
 *
 * @throws {@link EventStoreError} what connecting or `open` throws.
 */
export async function withOwnClient<Opened>(
  { connectionString, username, password, bucket, scope, collection }: ParsedCouchbaseUrl,
  { connectTimeoutMs = 10_000, replyTimeoutMs = 10_000 }: ClientOptions,
  open: (collection: CouchbaseCollection, end: () => Promise<void>) => Promise<Opened>,
): Promise<Opened> {
  checkMs(connectTimeoutMs, 'connectTimeoutMs')
  checkMs(replyTimeoutMs, 'replyTimeoutMs')
  let cluster: CouchbaseCluster
  try {
    cluster = await clientModule().connect(connectionString, {
      username,
      password,
      timeouts: {
        bootstrapTimeout: connectTimeoutMs,
        connectTimeout: connectTimeoutMs,
        resolveTimeout: connectTimeoutMs,
        kvTimeout: replyTimeoutMs,
        kvDurableTimeout: replyTimeoutMs,
      },
    })
  } catch (error) {
    throw classifyError(error, false)
  }
  try {
    const scoped = cluster.bucket(bucket).scope(scope ?? '_default')
    return await open(scoped.collection(collection ?? '_default'), () => cluster.close())
  } catch (error) {
    await cluster.close()
    throw classifyError(error, false)
  }
}
