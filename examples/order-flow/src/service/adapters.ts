import type { AdapterRegistry } from '@eventspine/core'

const postgres = () => import('@eventspine/postgres')

/** What `EVENTSPINE_STORE` can name: processes share it, so it is a server. */
export const storeAdapters: AdapterRegistry = { postgres, postgresql: postgres }
