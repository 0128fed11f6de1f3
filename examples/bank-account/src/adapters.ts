import type { AdapterRegistry } from '@eventspine/core'

const postgres = () => import('@eventspine/postgres')
const redis = () => import('@eventspine/redis')

/** What `EVENTSPINE_STORE` can name; only the adapter that is named is loaded. */
export const adapters: AdapterRegistry = {
  memory: () => import('@eventspine/memory'),
  pglite: postgres,
  postgres,
  postgresql: postgres,
  redis,
  rediss: redis,
  'redis-cluster': redis,
  'rediss-cluster': redis,
}
