export type { Cas, CouchbaseCollection } from './client.ts'
export { couchbase, type CouchbaseConnectOptions, type CouchbaseOptions, createStore } from './couchbase.ts'
export { openUrl } from './open-url.ts'
export type { Durability, StoreOptions } from './options.ts'
