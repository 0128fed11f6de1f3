import { type Collection, connect } from 'couchbase'
import { randomUUID } from 'node:crypto'

/** A collection through the vendor's client, with a prefix of its own: nothing lists or removes keys there. */
export interface BareCollection {
  readonly collection: Collection
  readonly prefix: string
  readonly close: () => Promise<void>
}

/** @param serverUrl - `couchbase://user:password@host:port/bucket` */
export async function openBareCollection(serverUrl: string): Promise<BareCollection> {
  const { host, username, password, pathname } = new URL(serverUrl)
  const cluster = await connect(`couchbase://${host}`, { username, password })
  return {
    collection: cluster.bucket(pathname.slice(1)).defaultCollection(),
    prefix: randomUUID(),
    close: () => cluster.close(),
  }
}
