import type { StoredEvent, StreamPage, StreamPageRequest } from '@eventspine/core'
import { entryPlace, unpackEvents } from './codec.ts'
import type { Connection } from './connection.ts'
import type { PartitionKeys } from './keys.ts'

/** An entry as `XRANGE` returns it: its id, and its one field with its value. */
type Entry = readonly [id: string, fields: readonly [name: string, value: string]]

/** How fast the estimate follows what was read. */
const WEIGHT = 0.2

/** Reads streams by ranges of entries, each of which is a commit of one or more events. */
export class StreamReader {
  readonly #connection: Connection
  /** Events an entry, as far as seen: how many entries make a page. */
  #density = 1

  constructor(connection: Connection) {
    this.#connection = connection
  }

  page(request: StreamPageRequest, keys: PartitionKeys): Promise<StreamPage> {
    return request.direction === 'forward' ? this.#forward(request, keys) : this.#backward(request, keys)
  }

  async #forward(request: StreamPageRequest, keys: PartitionKeys): Promise<StreamPage> {
    const { streamId, from, to, limit } = request
    const count = this.#entriesFor(Math.min(limit, to - from + 1))
    const entries = await this.#range('xrange', keys.stream(streamId), from, '+', count)
    const found = this.#unpack(entries, request)
    this.#observe(entries.length, found.length)
    const reached = found.at(-1)?.version ?? to
    let events: readonly StoredEvent[] = found
    // A stream has no gaps: what is missing before was truncated, but for what is left of a commit.
    if ((found[0]?.version ?? Infinity) > from) events = await this.#withRest(found, request, keys)
    const within = events.filter(({ version }) => version >= from && version <= to)
    if (within.length > limit) {
      within.length = limit
      return { events: within, done: false, next: (within.at(-1)?.version ?? from) + 1 }
    }
    return { events: within, done: entries.length < count || reached >= to, next: reached + 1 }
  }

  async #backward(request: StreamPageRequest, keys: PartitionKeys): Promise<StreamPage> {
    const { streamId, from, to, limit } = request
    const key = keys.stream(streamId)
    const count = this.#entriesFor(Math.min(limit, to - from + 1))
    const [upper, lower] = await Promise.all([
      // The commit that `to` is part of may end above it.
      this.#range('xrange', key, to, '+', 1),
      to > from ? this.#range('xrevrange', key, to - 1, from, count) : [],
    ])
    const entries = upper[0]?.[0] === lower[0]?.[0] ? lower : [...upper, ...lower]
    const found = this.#unpack(entries.toReversed(), request)
    this.#observe(entries.length, found.length)
    const reached = found[0]?.version ?? Infinity
    const exhausted = lower.length < count || reached <= from
    let events: readonly StoredEvent[] = found
    if (exhausted && reached > from) events = await this.#withRest(found, request, keys)
    const within = events.filter(({ version }) => version >= from && version <= to).toReversed()
    if (within.length > limit) {
      within.length = limit
      return { events: within, done: false, next: (within.at(-1)?.version ?? to) - 1 }
    }
    return { events: within, done: exhausted, next: reached - 1 }
  }

  /** Adds what a truncation has left of the commit that it cut, and takes away what it removed since. */
  async #withRest(
    found: readonly StoredEvent[],
    { streamId, partition }: StreamPageRequest,
    keys: PartitionKeys,
  ): Promise<readonly StoredEvent[]> {
    const answer = await this.#connection.read('hmget', keys.tombstones(streamId), 'first', 'rest')
    const [first, rest] = answer as readonly [string | null, string | null]
    if (first === null) return found
    const kept = found.filter(({ version }) => version >= Number(first))
    if (rest === null) return kept
    const line = rest.indexOf('\n')
    const [version, sequence] = entryPlace(rest.slice(0, line))
    if (version >= (kept[0]?.version ?? Infinity)) return kept
    return [...unpackEvents(rest.slice(line + 1), { streamId, partition, version, sequence }), ...kept]
  }

  async #range(
    command: 'xrange' | 'xrevrange',
    key: string,
    start: number | '+',
    end: number | '+',
    count: number,
  ): Promise<readonly Entry[]> {
    return (await this.#connection.read(command, key, start, end, 'COUNT', count)) as readonly Entry[]
  }

  #unpack(entries: readonly Entry[], { streamId, partition }: StreamPageRequest): StoredEvent[] {
    const events: StoredEvent[] = []
    for (const [id, [, text]] of entries) {
      const [version, sequence] = entryPlace(id)
      for (const event of unpackEvents(text, { streamId, partition, version, sequence })) events.push(event)
    }
    return events
  }

  #entriesFor(events: number): number {
    return Math.max(1, Math.ceil(events / this.#density))
  }

  #observe(entries: number, events: number): void {
    if (entries > 0) this.#density += (events / entries - this.#density) * WEIGHT
  }
}
