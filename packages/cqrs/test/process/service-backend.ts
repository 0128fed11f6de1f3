import { type Backend, open } from '@eventspine/core'
import type { RunProcessOptions } from '../../src/index.ts'
import type { transfers } from './transfer.ts'

const couchbase = () => import('@eventspine/couchbase')
const dynamodb = () => import('@eventspine/dynamodb')
const postgres = () => import('@eventspine/postgres')
const redis = () => import('@eventspine/redis')

/** Opens what a URL names, as another client of it. */
export function openUrl(url: string): Promise<Backend> {
  const adapters = { couchbase, dynamodb, postgres, postgresql: postgres, redis }
  return open(url, adapters, { create: true, partitions: 2 })
}

/** Options of a service whose mails nobody reads. */
export const SERVICE: RunProcessOptions<unknown, typeof transfers.receivers> = {
  leaseMs: 2000,
  pollMs: { min: 5, max: 100 },
  external: { mail: () => undefined },
}
