import { createHash } from 'node:crypto'
import { specs as part } from './client.ts'
import type { Connection } from './connection.ts'
import { checkName, type Keys } from './keys.ts'

/** Documents over which the keys of one collection and partition are spread. */
const SHARDS = 16

/**
 * A key without a document is forgotten when nobody has put it for so long: far more than a put can take, which names its
 * key first, and than clocks differ.
 */
const GRACE_MS = 24 * 60 * 60 * 1000

/** One document of a directory: by a hash of the key, the key and when it was last put. */
interface Shard {
  readonly collection: string
  readonly keys: Readonly<Record<string, readonly [key: string, putAtMs: number]>>
}

export interface DirectoryEntry {
  readonly key: string
  readonly putAtMs: number
}

export interface DirectoryRequest {
  readonly collection: string
  readonly partition: number
  readonly prefix: string
  readonly after: string | undefined
  readonly limit: number
}

/**
 * The keys of listed collections, since no key-value operation lists any. A key is there before its document is, and may
 * be there without one.
 */
export class Directory {
  readonly #connection: Connection
  readonly #keys: Keys

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection
    this.#keys = keys
  }

  async add({
    collection,
    partition,
    key,
  }: {
    collection: string
    partition: number
    key: string
  }): Promise<void> {
    const { shard, name } = placeOf(key)
    const specs = [part.upsert('collection', collection), part.upsert(`keys.${name}`, [key, Date.now()])]
    await this.#connection.mutate(this.#keys.directory(collection, partition, shard), specs, { create: true })
  }

  /** Keys in the order of their hashes, which stays what it is while others come and go. */
  async page({ collection, partition, prefix, after, limit }: DirectoryRequest): Promise<{
    readonly entries: readonly DirectoryEntry[]
    readonly next: string | undefined
  }> {
    const [start = '0', from = ''] = after?.split(':') ?? []
    const first = Number(start)
    const shards = await Promise.all(
      Array.from({ length: SHARDS - first }, (_, index) => this.#shard(collection, partition, first + index)),
    )
    const entries: DirectoryEntry[] = []
    for (const [index, shard] of shards.entries()) {
      const names = Object.keys(shard?.keys ?? {}).sort()
      for (const name of names) {
        const [key, putAtMs] = shard?.keys[name] ?? []
        if (key === undefined || putAtMs === undefined) continue
        if (!key.startsWith(prefix) || (index === 0 && name <= from)) continue
        if (entries.length >= limit) return { entries, next: cursorAt(entries.at(-1)?.key ?? '') }
        entries.push({ key, putAtMs })
      }
    }
    return { entries, next: undefined }
  }

  /** Takes out keys that have no document, unless a put may be on its way. */
  async forget(collection: string, partition: number, entries: readonly DirectoryEntry[]): Promise<void> {
    const oldest = Date.now() - GRACE_MS
    for (const { key } of entries.filter(({ putAtMs }) => putAtMs <= oldest)) {
      const { shard, name } = placeOf(key)
      const at = this.#keys.directory(collection, partition, shard)
      const found = await this.#connection.get<Shard>(at)
      const [, putAtMs = Infinity] = found?.content.keys[name] ?? []
      if (found === undefined || putAtMs > oldest) continue
      // In exactly this state: a key that was put again since stays.
      await this.#connection.mutate(at, [part.remove(`keys.${name}`)], { cas: found.cas })
    }
  }

  async #shard(collection: string, partition: number, shard: number): Promise<Shard | undefined> {
    const found = await this.#connection.get<Shard>(this.#keys.directory(collection, partition, shard))
    if (found === undefined) return undefined
    checkName(found.content.collection, collection)
    return found.content
  }
}

function cursorAt(key: string): string {
  const { shard, name } = placeOf(key)
  return `${shard}:${name}`
}

/** A name that a path can hold, whatever is in the key. */
export function placeOf(key: string): { readonly shard: number; readonly name: string } {
  const hash = createHash('sha256').update(key).digest('hex')
  return { shard: Number.parseInt(hash.slice(0, 1), 16), name: `k${hash.slice(1, 33)}` }
}
