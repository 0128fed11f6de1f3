import { type AdapterRegistry, type Backend, EventStoreError, open } from '@eventspine/core'
import { withPayloads } from '@eventspine/payloads'
import { segments } from './prints.ts'

/** Of what is created here: that groups can share the work. */
const PARTITIONS = 4

const postgres = () => import('@eventspine/postgres')
const redis = () => import('@eventspine/redis')

const adapters: AdapterRegistry = {
  memory: () => import('@eventspine/memory'),
  postgres,
  postgresql: postgres,
  redis,
  rediss: redis,
  'redis-cluster': redis,
  dynamodb: () => import('@eventspine/dynamodb'),
  couchbase: () => import('@eventspine/couchbase'),
}

/** Where a shop keeps its things. */
export interface ShopUrls {
  /** Carries the order of events: a native stream, or any store. */
  readonly stream: string
  /** Keeps the photos, and who ordered. */
  readonly payloads: string
}

/** One shop, seen in two ways. */
export interface Shop extends AsyncDisposable {
  /** Events with all that belongs to them. */
  readonly whole: Backend
  /** Events as the stream carries them: metadata alone, no payload is ever loaded. */
  readonly bare: Backend
  readonly payloads: Backend
}

/** Opens both backends; what is missing is created. */
export async function openShop(urls: ShopUrls): Promise<Shop> {
  const payloads = await openOrCreate(urls.payloads)
  try {
    const bare = await openStream(urls.stream, payloads)
    const whole = withPayloads(bare, { documents: payloads.documents, segments })
    return {
      whole,
      bare,
      payloads,
      async [Symbol.asyncDispose]() {
        // Closes what it was made of.
        await whole.close()
        await payloads.close()
      },
    }
  } catch (error) {
    await payloads.close()
    throw error
  }
}

/** Kafka has no documents: groups keep what they must not forget where the payloads are. */
async function openStream(url: string, { documents }: Backend): Promise<Backend> {
  if (!url.startsWith('kafka:')) return await openOrCreate(url)
  const { kafka } = await import('@eventspine/kafka')
  return await kafka.connect(url, { documents, create: true, partitions: PARTITIONS })
}

async function openOrCreate(url: string): Promise<Backend> {
  try {
    return await open(url, adapters)
  } catch (error) {
    if (!EventStoreError.is(error, 'STORE_MISSING')) throw error
    return await open(url, adapters, { create: true, partitions: PARTITIONS })
  }
}
