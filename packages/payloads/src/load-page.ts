import type { StoredEvent } from '@eventspine/core'
import { LoadedEvent } from './loaded-event.ts'
import type { PayloadLoader, Referring } from './load-payloads.ts'
import { parseReference, referencedBytes } from './reference.ts'

/** What a page of any kind has. */
interface Page {
  readonly events: readonly StoredEvent[]
}

export interface PageTerms<AnyPage extends Page> {
  readonly loader: PayloadLoader
  readonly maxPageBytes: number
  readonly read: () => Promise<AnyPage>
  /** The page up to and including its event at `index`, which is not the last. */
  readonly cut: (page: AnyPage, index: number) => AnyPage
  /** Default: all events are loaded. */
  readonly load?: ((event: StoredEvent) => boolean) | undefined
}

/** Reads a page with its payloads: of those that do not fit into memory at once, as many events as do. */
export async function loadPage<AnyPage extends Page>(terms: PageTerms<AnyPage>): Promise<AnyPage> {
  const first = await loadOnce(terms)
  if (!first.missing) return first.page
  // An event that was removed meanwhile took its payload with it, and is not on the page any more.
  return (await loadOnce(terms)).page
}

async function loadOnce<AnyPage extends Page>({
  loader,
  maxPageBytes,
  read,
  cut,
  load,
}: PageTerms<AnyPage>): Promise<{ readonly page: AnyPage; readonly missing: boolean }> {
  let page = await read()
  const referring: Referring[] = []
  let bytes = 0
  for (const [index, event] of page.events.entries()) {
    if (event.codec !== 2 || load?.(event) === false) continue
    const reference = parseReference(event.data, event.id)
    bytes += referencedBytes(reference)
    referring.push({ event, reference })
    if (bytes >= maxPageBytes && index + 1 < page.events.length) {
      page = cut(page, index)
      break
    }
  }
  if (referring.length === 0) return { page, missing: false }
  const loaded = await loader.load(referring)
  let next = 0
  const events = page.events.map((event) => {
    const found = loaded[next]
    if (found === undefined || referring[next]?.event !== event) return event
    next++
    return new LoadedEvent(event, found)
  })
  return { page: { ...page, events }, missing: loaded.some((each) => 'error' in each) }
}
