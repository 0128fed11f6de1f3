import type { AdapterRegistry } from '@eventspine/core'

const couchbase = () => import('@eventspine/couchbase')
const postgres = () => import('@eventspine/postgres')
const redis = () => import('@eventspine/redis')

/** What `--store` can name; only the adapter that is named is loaded. */
export const adapters: AdapterRegistry = {
  couchbase,
  couchbases: couchbase,
  dynamodb: () => import('@eventspine/dynamodb'),
  memory: () => import('@eventspine/memory'),
  pglite: postgres,
  postgres,
  postgresql: postgres,
  redis,
  rediss: redis,
  'redis-cluster': redis,
  'rediss-cluster': redis,
}
