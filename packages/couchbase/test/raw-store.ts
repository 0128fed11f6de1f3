import type { Collection } from 'couchbase'
import type { PageDocument } from '../src/page-document.ts'
import { Keys } from '../src/keys.ts'
import type { CommitDocument, FeedEntry } from '../src/stored-commit.ts'

/** The documents of a store with one partition as they stand, and means to do to them what a writer could have done. */
export class RawStore {
  readonly keys: Keys
  readonly collection: Collection

  constructor(collection: Collection, prefix: string) {
    this.collection = collection
    this.keys = new Keys(prefix)
  }

  async page(number: number): Promise<PageDocument> {
    const { content } = await this.collection.get(this.keys.page(0, number))
    return content as PageDocument
  }

  async commit(streamId: string, number: number): Promise<CommitDocument | undefined> {
    const found = await this.collection.get(this.keys.commit(streamId, number)).catch((error: unknown) => {
      if (error instanceof Error && error.name === 'DocumentNotFoundError') return undefined
      throw error
    })
    return found?.content as CommitDocument | undefined
  }

  /** Appends entries to a page as a writer does that dies then. Returns the last sequence of the last of them. */
  async leave(page: number, entries: readonly FeedEntry[]): Promise<number> {
    const stored = await this.page(page)
    const last = entries.reduce((at, { events }) => at + events.length, stored.last)
    const changed: PageDocument = { ...stored, last, entries: [...stored.entries, ...entries] }
    await this.collection.replace(this.keys.page(0, page), changed)
    return last
  }

  /** Closes a page, as a writer does that dies before it has opened the next one. */
  async close(page: number): Promise<void> {
    const { open: _, ...stored } = await this.page(page)
    await this.collection.replace(this.keys.page(0, page), stored)
  }
}

/** An entry with one event. */
export function entryOf(stream: string, number: number, data: string, chained = false): FeedEntry {
  return {
    stream,
    number,
    version: number,
    time: 1_000_000_000_000,
    ...(chained ? { chained: 1 as const } : {}),
    events: [[crypto.randomUUID(), 'Left', 1, 0, JSON.stringify(data), '{}']],
  }
}
