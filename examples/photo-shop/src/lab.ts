import { createHash } from 'node:crypto'
import { type DocumentStore, EventStoreError, type Subscription } from '@eventspine/core'
import type { Shop } from './open-shop.ts'
import { type OrderFacts, prints } from './prints.ts'

const PRINTED = 'printed'
/** A lab that was killed is missed after this. */
const LEASE_MS = 3000

/** An order as it left the lab. */
export interface Printed {
  readonly photos: number
  readonly bytes: number
}

/** Prints what is ordered, each order once: it loads every payload, and looks whether each photo is the one ordered. */
export async function openLab(
  { whole, payloads }: Shop,
  group: string,
  onPrinted: (order: string) => void,
): Promise<Subscription> {
  const printed = payloads.documents.collection<Printed>(PRINTED)
  return await whole.stream.subscribe({
    group,
    leaseMs: LEASE_MS,
    handlers: prints.handlers({
      PrintsOrdered: async ({ data, metadata, streamId, id }) => {
        // Sound: what `orderOf` has written.
        const { sha256 } = metadata as unknown as OrderFacts
        let bytes = 0
        for (const [index, { jpeg }] of data.photos.entries()) {
          const photo = Buffer.from(jpeg, 'base64')
          const found = createHash('sha256').update(photo).digest('hex')
          if (found !== sha256[index])
            throw new Error(`${streamId}: photo ${index + 1} is not the one ordered`)
          bytes += photo.length
        }
        if (await once(printed.put(id, { photos: data.photos.length, bytes }, { expectedRevision: 'none' })))
          onPrinted(streamId)
      },
    }),
  })
}

/** What the lab says of an order; `undefined`: it has not printed it. */
export async function printedOf(documents: DocumentStore, ids: readonly string[]) {
  return await documents.collection<Printed>(PRINTED).getMany(ids)
}

/** Whether it happened now: an order that was delivered again is printed already. */
async function once(written: Promise<unknown>): Promise<boolean> {
  try {
    await written
    return true
  } catch (error) {
    if (EventStoreError.is(error, 'REVISION_CONFLICT')) return false
    throw error
  }
}
