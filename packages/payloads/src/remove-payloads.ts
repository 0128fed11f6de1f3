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

const PAGE_EVENTS = 1000

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
  const { version, firstVersion } = await target.doHead(streamId, partition)
  const to = kind === 'delete' ? version : Math.min(before - 1, version)
  const found: PayloadAddress[] = []
  for (let from = firstVersion; from <= to;) {
    const page = await target.doRead({
      streamId,
      partition,
      from,
      to,
      direction: 'forward',
      limit: PAGE_EVENTS,
    })
    for (const event of page.events) {
      if (event.codec !== 2) continue
      const segments = loader.documentsOf(event, parseReference(event.data, event.id))
      // To remove the reference would leave data behind of which nobody knew any more.
      if ('error' in segments) throw segments.error
      found.push(...segments.flatMap(addressesOf))
    }
    if (page.done) break
    from = page.next
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
