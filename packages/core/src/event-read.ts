import type { EventRead, FeedRead, FeedSlice } from './event-store.ts'
import type { RecordedEvent } from './event.ts'

/** A read over a source of pages, which is opened anew by each iteration. */
export class PagedRead implements EventRead {
  readonly #open: () => AsyncGenerator<readonly RecordedEvent[]>

  constructor(open: () => AsyncGenerator<readonly RecordedEvent[]>) {
    this.#open = open
  }

  pages(): AsyncIterable<readonly RecordedEvent[]> {
    return { [Symbol.asyncIterator]: this.#open }
  }

  async toArray(): Promise<RecordedEvent[]> {
    const pages: (readonly RecordedEvent[])[] = []
    for await (const page of this.pages()) pages.push(page)
    return pages.flat()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordedEvent> {
    for await (const page of this.pages()) yield* page
  }
}

/** A {@link PagedRead} over slices of the feed. */
export class SlicedRead extends PagedRead implements FeedRead {
  readonly #openSlices: () => AsyncGenerator<FeedSlice>

  constructor(openSlices: () => AsyncGenerator<FeedSlice>) {
    super(async function* () {
      for await (const slice of openSlices()) if (slice.events.length > 0) yield slice.events
    })
    this.#openSlices = openSlices
  }

  slices(): AsyncIterable<FeedSlice> {
    return { [Symbol.asyncIterator]: this.#openSlices }
  }
}

/**
 * Runs `fetch` page after page, asking for the next page before the last is handled: the backend works
 * while the caller does. A page asked for and not wanted any more is dropped.
 */
export async function* prefetched<Page>(
  first: () => Promise<Page>,
  following: (page: Page) => (() => Promise<Page>) | undefined,
): AsyncGenerator<Page> {
  let pending: Promise<Page> | undefined = first()
  while (pending !== undefined) {
    const page: Page = await pending
    pending = following(page)?.()
    // A reader that stops early never awaits it: its failure is then nobody's concern.
    pending?.catch(() => undefined)
    yield page
  }
}
