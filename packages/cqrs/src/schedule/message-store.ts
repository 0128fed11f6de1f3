import {
  type Document,
  type DocumentCollection,
  type DocumentStore,
  EventStoreError,
  partitionOf,
} from '@eventspine/core'
import {
  checkFormat,
  collectionsOf,
  entryKey,
  parseEntryKey,
  type StoredMessage,
} from './scheduled-message.ts'

/** A listed pointer to a message: key and revision. */
export interface Entry {
  readonly key: string
  readonly id: string
  readonly tryAtMs: number
  readonly partition: number
  readonly revision: string
}

/** All that an entry says is in its key. */
const NOTHING = {}

export type Stored<Message> = Omit<Document<StoredMessage<Message>>, 'key'>

/**
 * The documents of a schedule. Two rules keep every acknowledged message findable, whatever happens between
 * two writes:
 *
 * - the message is written before its entry, and acknowledged after it;
 * - an entry is removed only at the revision at which it was seen before its message was read. Whoever gave
 *   the entry a reason meanwhile has written it anew.
 */
export class MessageStore<Message> {
  readonly documents: DocumentStore
  readonly #messages: DocumentCollection<StoredMessage<Message>>
  readonly #entries: DocumentCollection<typeof NOTHING>
  readonly #isOrdered: boolean

  constructor(documents: DocumentStore, name: string) {
    const collections = collectionsOf(name)
    this.documents = documents
    this.#messages = documents.collection(collections.messages)
    this.#entries = documents.collection(collections.entries, { listed: true })
    this.#isOrdered = documents.capabilities.listing === 'ordered'
  }

  async read(id: string): Promise<Stored<Message> | undefined> {
    const document = await this.#messages.get(id)
    if (document === undefined) return undefined
    return { value: checkFormat(id, document.value), revision: document.revision }
  }

  /** Writes a new message and its entry. @throws `REVISION_CONFLICT`: there is one of this id; nothing was written. */
  async insert(id: string, message: StoredMessage<Message>): Promise<void> {
    const partition = this.#partitionOf(id)
    if (this.documents.capabilities.documentBatch === 'none') {
      await this.#messages.put(id, message, { partition, expectedRevision: 'none' })
      await this.writeEntry(id, message.tryAtMs)
      return
    }
    await this.documents.batch([
      this.#messages.putting(id, message, { partition, expectedRevision: 'none' }),
      this.#entries.putting(entryKey(message.tryAtMs, id), NOTHING, { partition }),
    ])
  }

  /** Writes a message without touching its entry. @throws `REVISION_CONFLICT`: nothing was written. */
  write(id: string, message: StoredMessage<Message>, before: string, expiresInMs?: number): Promise<string> {
    return this.#messages.put(id, message, { expectedRevision: { revision: before }, expiresInMs })
  }

  async writeEntry(id: string, tryAtMs: number): Promise<void> {
    await this.#entries.put(entryKey(tryAtMs, id), NOTHING, { partition: this.#partitionOf(id) })
  }

  /** Removes an entry unless it was written anew since it was seen. */
  async removeEntry({ key, partition, revision }: Entry): Promise<void> {
    try {
      await this.#entries.delete(key, { partition, expectedRevision: { revision } })
    } catch (error) {
      if (!EventStoreError.is(error, 'REVISION_CONFLICT')) throw error
    }
  }

  /** Removes the entry of a settled message. Should one be left, or come back, it leads nowhere and is cleared away. */
  async forgetEntry(id: string, tryAtMs: number): Promise<void> {
    const partition = this.#partitionOf(id)
    const key = entryKey(tryAtMs, id)
    const found = await this.#entries.get(key, { partition })
    const message = await this.read(id)
    if (found === undefined || message?.value.status === 'pending') return
    await this.removeEntry({ key, id, tryAtMs, partition, revision: found.revision })
  }

  /**
   * The entries of a partition up to a time, by time where the backend lists in order. `onLater` is told of
   * times beyond it: of the first where listings are ordered, else of all.
   */
  async *entries(
    partition: number,
    untilMs: number,
    onLater: (tryAtMs: number) => void = () => undefined,
  ): AsyncGenerator<Entry> {
    for await (const { key, revision } of this.#entries.list({ partition, pageSize: 100 })) {
      const { tryAtMs, id } = parseEntryKey(key)
      if (tryAtMs <= untilMs) {
        yield { key, id, tryAtMs, partition, revision }
        continue
      }
      onLater(tryAtMs)
      if (this.#isOrdered) return
    }
  }

  #partitionOf(id: string): number {
    return partitionOf(id, this.documents.partitions)
  }
}
