import type { Backend } from '@eventspine/core'
import { withPayloads } from '@eventspine/payloads'
import { postgres } from '@eventspine/postgres'
import { redis } from '@eventspine/redis'
import { openSliceDatabase } from '../postgres/own-database.ts'
import { openSliceClient } from '../redis/slice-client.ts'

/** Events in PostgreSQL, payloads in Redis. */
export interface Pair {
  /** The store alone. */
  readonly bare: Backend
  /** The store with payloads apart. */
  readonly whole: Backend
  readonly payloads: Backend
  readonly close: () => Promise<void>
}

export interface PairUrls {
  readonly postgres: string
  readonly redis: string
}

/** Both empty. Data above `thresholdBytes` is kept apart; nothing is cached, so that what is read is read. */
export async function openPair(urls: PairUrls, thresholdBytes: number): Promise<Pair> {
  const database = await openSliceDatabase(urls.postgres)
  const client = await openSliceClient(urls.redis)
  const bare = await postgres({ pool: database.pool, create: true })
  const payloads = await redis({ client, create: true })
  const whole = withPayloads(bare, {
    documents: payloads.documents,
    thresholdBytes,
    cacheBytes: 0,
    // A Redis that a benchmark starts syncs once a second.
    acceptWeakerDurability: true,
  })
  return {
    bare,
    whole,
    payloads,
    async close() {
      await whole.close()
      await payloads.close()
      client.disconnect()
      await database.close()
    },
  }
}
