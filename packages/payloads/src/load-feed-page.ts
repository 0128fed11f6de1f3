import type { FeedPage } from '@eventspine/core'
import { loadPage } from './load-page.ts'
import type { PayloadLoader } from './load-payloads.ts'
import type { ResolvedOptions } from './options.ts'

/** Reads a page of a feed with the payloads that its readers want. */
export function loadFeedPage(
  loader: PayloadLoader,
  { maxPageBytes, load }: ResolvedOptions,
  read: () => Promise<FeedPage>,
): Promise<FeedPage> {
  return loadPage({
    loader,
    maxPageBytes,
    read,
    cut: (page, index) => {
      const last = page.events[index]
      if (last === undefined) return page
      return {
        ...page,
        events: page.events.slice(0, index + 1),
        next: last.sequence,
        nextId: last.id,
        atEnd: false,
      }
    },
    load: load === undefined ? undefined : ({ type, streamId }) => load({ type, streamId }),
  })
}
