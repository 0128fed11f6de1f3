import { type Backend, EventStoreError, open } from '@eventspine/core'
import { storeAdapters } from '../service/adapters.ts'

/** Of a store that is created here, and of the stream: that many processes can share the work of a group. */
const PARTITIONS = 4

/** Opens the store, or creates it. */
export async function openStore(url: string): Promise<Backend> {
  try {
    return await open(url, storeAdapters)
  } catch (error) {
    if (!EventStoreError.is(error, 'STORE_MISSING')) throw error
    return await open(url, storeAdapters, { create: true, partitions: PARTITIONS })
  }
}
