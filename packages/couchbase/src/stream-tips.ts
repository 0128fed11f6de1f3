import { specs as part } from './client.ts'
import { BoundedMap } from './bounded-map.ts'
import { type CommitFields, readCommitFields } from './commit-fields.ts'
import type { Connection } from './connection.ts'
import { checkName, type Keys } from './keys.ts'

/** The last commit of a stream. What a commit is never changes, only whether it is the last. */
export interface StreamTip {
  /** 0: the stream has none. */
  readonly number: number
  readonly version: number
  readonly sequence: number
  readonly id: string | undefined
  readonly deleted: boolean
  /** The first version that the stream ever had. */
  readonly origin: number
}

export const NO_STREAM: StreamTip = {
  number: 0,
  version: 0,
  sequence: 0,
  id: undefined,
  deleted: false,
  origin: 1,
}

/** What stands in the document of a stream as a whole, if there is one. */
export interface StreamNote {
  readonly stream: string
  /** A commit that is there: the last one is not far behind it. */
  readonly number?: number
  /** The first version that can be read. */
  readonly first?: number
  /** Below this commit nothing is left to remove, nor to read. */
  readonly removed?: number
}

/** Commits between two notes of where the end of a stream is. */
const NOTE_EVERY = 32
const MAX_TIPS = 20_000

/** Finds the ends of streams: commits are numbered without gaps, so the last is the one whose next is not there. */
export class StreamTips {
  readonly #connection: Connection
  readonly #keys: Keys
  readonly #known = new BoundedMap<string, StreamTip>(MAX_TIPS)

  constructor(connection: Connection, keys: Keys) {
    this.#connection = connection
    this.#keys = keys
  }

  /** As it was last seen: others may have gone on since. */
  known(streamId: string): StreamTip | undefined {
    return this.#known.get(streamId)
  }

  learn(streamId: string, tip: StreamTip): void {
    if (tip.number >= (this.#known.get(streamId)?.number ?? 0)) this.#known.set(streamId, tip)
  }

  /** The end as it is at some moment of this call. */
  async current(streamId: string): Promise<StreamTip> {
    let tip = this.#known.get(streamId)
    if (tip === undefined) {
      tip = await this.#tip(streamId, 1)
      if (tip === undefined) return NO_STREAM
      const { number = 1 } = (await this.note(streamId)) ?? {}
      if (number > 1) tip = (await this.#tip(streamId, number)) ?? tip
    }
    tip = await this.#last(streamId, tip)
    this.learn(streamId, tip)
    return tip
  }

  /** `undefined`: nothing was noted yet. */
  async note(streamId: string): Promise<StreamNote | undefined> {
    const found = await this.#connection.get<StreamNote>(this.#keys.stream(streamId))
    if (found === undefined) return undefined
    checkName(found.content.stream, streamId)
    return found.content
  }

  /** Notes now and then where the end is, for those who know nothing yet. */
  async noteEnd(streamId: string, number: number): Promise<void> {
    if (number === 0 || number % NOTE_EVERY !== 0) return
    const specs = [part.upsert('stream', streamId), part.upsert('number', number)]
    await this.#connection.mutate(this.#keys.stream(streamId), specs, { create: true })
  }

  /** Raises fields of a note; others may raise them at the same time. */
  async raiseNote(streamId: string, change: Pick<StreamNote, 'first' | 'removed'>): Promise<void> {
    const key = this.#keys.stream(streamId)
    for (;;) {
      const found = await this.#connection.get<StreamNote>(key)
      const first = Math.max(found?.content.first ?? 1, change.first ?? 1)
      const removed = Math.max(found?.content.removed ?? 1, change.removed ?? 1)
      const raised: StreamNote = { ...found?.content, stream: streamId, first, removed }
      const written =
        found === undefined
          ? await this.#connection.insert(key, raised)
          : await this.#connection.replace(key, raised, { cas: found.cas })
      if (written) return
    }
  }

  /** Looks ever further until nothing is there, then closes in. */
  async #last(streamId: string, from: StreamTip): Promise<StreamTip> {
    let last = from
    let missing = Infinity
    for (let step = 1; missing > last.number + 1; step *= 2) {
      const next = missing === Infinity ? last.number + step : Math.floor((last.number + missing) / 2)
      const tip = await this.#tip(streamId, next)
      if (tip === undefined) missing = next
      else last = tip
    }
    return last
  }

  async #tip(streamId: string, number: number): Promise<StreamTip | undefined> {
    const found = await readCommitFields(this.#connection, this.#keys, streamId, number)
    return found === undefined ? undefined : tipOf({ number, ...found })
  }
}

/** The end of a stream when this commit is its last. */
export function tipOf({
  number,
  last,
  at,
  id,
  deleted,
  origin,
}: CommitFields & { readonly number: number }): StreamTip {
  return { number, version: last, sequence: at, id, deleted: deleted === 1, origin: origin ?? 1 }
}
