import {
  type DocumentAddress,
  type DocumentStoreParts,
  type EventStoreAdapter,
  EventStoreError,
  type StreamRemoval,
} from '@eventspine/core'
import { inParallel } from './in-parallel.ts'
import type { PayloadLoader, SegmentDocuments } from './load-payloads.ts'
import type { PayloadParts } from './parts.ts'
import { parseReference } from './reference.ts'
import { streamPages } from './stream-pages.ts'

/** One document to be deleted. */
export interface PayloadAddress {
  readonly documents: DocumentStoreParts
  readonly address: DocumentAddress
  /** Of the whole payload in the cache. */
  readonly cacheKey: string
}

/** The payloads of the events that a removal is about to take. */
export async function removedPayloads(
  target: EventStoreAdapter,
  loader: PayloadLoader,
  { streamId, partition, kind, before }: StreamRemoval,
): Promise<readonly PayloadAddress[]> {
  const found: PayloadAddress[] = []
  const pages = streamPages(target, streamId, partition, kind === 'delete' ? undefined : before)
  for await (const events of pages) {
    for (const event of events) {
      if (event.codec !== 2) continue
      const segments = loader.documentsOf(event, parseReference(event.data, event.id))
      // To remove the reference would leave data behind of which nobody knew any more.
      if ('error' in segments) throw segments.error
      found.push(...segments.flatMap(addressesOf))
    }
  }
  return found
}

function addressesOf({ segment, key, addresses }: SegmentDocuments): readonly PayloadAddress[] {
  return addresses.map((address) => ({ documents: segment.documents, address, cacheKey: key }))
}

/**
 * Deletes payloads whose events are removed.
 *
 * @throws an EventStoreError with outcome `unknown`: the events are removed; `collectOrphans` finishes it.
 */
export async function removePayloads(
  payloads: readonly PayloadAddress[],
  { options, cache, adapterFor }: PayloadParts,
): Promise<void> {
  try {
    await inParallel(payloads, options.callsInFlight, async ({ documents, address, cacheKey }) => {
      cache.delete(cacheKey)
      const outcome = await adapterFor(documents).doWrite([
        { ...address, value: undefined, expectedRevision: 'any', expiresInMs: undefined, listed: true },
      ])
      if (!outcome.ok) throw outcome.error
    })
  } catch (cause) {
    throw new EventStoreError(
      'OUTCOME_UNKNOWN',
      'the events are removed, some of their payloads may be left',
      {
        outcome: 'unknown',
        cause,
      },
    )
  }
}
