import type { StoredHead } from '@eventspine/core'
import { decodeCommit, idAt, partsOf, sequenceAt } from './commit-item.ts'
import { type Item, numberOf, textOf } from './item.ts'
import { FIRST_NUMBER, type Keys, LAST_NUMBER, STREAM_NOTE } from './keys.ts'
import { loadParts } from './load-parts.ts'
import type { Table } from './table.ts'

/** The end of a stream as it was at some time. */
export interface Head {
  /** Version of its last event; 0: there is none. */
  readonly version: number
  readonly deleted: boolean
}

/** Streams that are remembered. */
const MOST_HEADS = 50_000

/**
 * The ends of streams, as far as this process has seen them. What is remembered may be old, but it was true once, and
 * that is enough: behind a commit that ended at `version` the next has the key `version + 1`. Whoever writes there on the
 * condition that nothing is there, writes only if that is the end still.
 */
export class StreamHeads {
  readonly #table: Table
  readonly #keys: Keys
  readonly #known = new Map<string, Head>()

  constructor(table: Table, keys: Keys) {
    this.#table = table
    this.#keys = keys
  }

  known(streamId: string): Head | undefined {
    return this.#known.get(streamId)
  }

  /** A commit that ended at this version was seen. */
  remember(streamId: string, head: Head): void {
    const known = this.#known.get(streamId)
    if (known !== undefined && known.version > head.version) return
    // What was seen last is forgotten last.
    this.#known.delete(streamId)
    this.#known.set(streamId, head)
    if (this.#known.size <= MOST_HEADS) return
    const [oldest] = this.#known.keys()
    if (oldest !== undefined) this.#known.delete(oldest)
  }

  /** Asks the table. */
  async load(streamId: string): Promise<Head> {
    const head = headOf(await this.#lastItem(streamId))
    // Of two that were read at once, the later one may have been read first.
    const known = this.#known.get(streamId)
    if (known === undefined || known.version <= head.version) this.remember(streamId, head)
    return head
  }

  /** All that is known of a stream without reading it. */
  async describe(streamId: string, partition: number): Promise<StoredHead> {
    const [item, note] = await Promise.all([
      this.#lastItem(streamId),
      this.#table.get({ pk: this.#keys.stream(streamId), sk: STREAM_NOTE }),
    ])
    if (item === undefined) return { version: 0, deleted: false, firstVersion: 1, sequence: 0, id: undefined }
    const firstVersion = numberOf(note ?? {}, 'first', 1)
    const { version, deleted } = headOf(item)
    if (deleted) {
      const [sequence, id] = textOf(item, 'deleted').split(' ')
      return { version, deleted, firstVersion: version + 1, sequence: Number(sequence), id }
    }
    const rest = partsOf(item) === 0 ? '' : await loadParts(this.#table, this.#keys, streamId, item)
    // A removal has just rewritten the commit that is in parts.
    if (rest === undefined) return this.describe(streamId, partition)
    const commit = decodeCommit(item, streamId, partition, rest)
    const index = commit.count - 1
    return { version, deleted, firstVersion, sequence: sequenceAt(commit, index), id: idAt(commit, index) }
  }

  async #lastItem(streamId: string): Promise<Item | undefined> {
    const pk = this.#keys.stream(streamId)
    const range = { pk, from: FIRST_NUMBER, to: LAST_NUMBER, backward: true, limit: 1 }
    return (await this.#table.query(range)).items[0]
  }
}

/** What the last item of a stream says. */
export function headOf(item: Item | undefined): Head {
  if (item === undefined) return { version: 0, deleted: false }
  const first = Number(textOf(item, 'sk'))
  if (item['deleted'] !== undefined) return { version: first - 1, deleted: true }
  const [, , count] = textOf(item, 'events').split('\n', 1)[0]?.split(' ') ?? []
  return { version: first + Number(count) - 1, deleted: false }
}
