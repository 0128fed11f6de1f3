import type { StoredEvent, StoredHead, StreamPage, StreamPageRequest } from '@eventspine/core'
import { BoundedMap } from './bounded-map.ts'
import type { Connection } from './connection.ts'
import { checkName, type Keys } from './keys.ts'
import { type CommitDocument, storedEvent } from './stored-commit.ts'
import { type StreamNote, type StreamTips, tipOf } from './stream-tips.ts'

/** Commits that are asked for at once, at most. */
const MAX_WINDOW = 128
/** What the commits of one such step hold together, about. */
const WINDOW_CHARACTERS = 4 * 1024 * 1024
/** What one page holds at most, apart from its last commits. */
const PAGE_CHARACTERS = 4 * 1024 * 1024
/** Streams of which is kept where their last page ended. */
const MAX_PLACES = 2000

/** A version and the commit that begins with it. */
interface Place {
  readonly version: number
  readonly number: number
}

/** Reads streams: commits by their number, several at once. */
export class StreamReader {
  readonly #connection: Connection
  readonly #keys: Keys
  readonly #tips: StreamTips
  readonly #places = new BoundedMap<string, Place>(MAX_PLACES)

  constructor(connection: Connection, keys: Keys, tips: StreamTips) {
    this.#connection = connection
    this.#keys = keys
    this.#tips = tips
  }

  async page(request: StreamPageRequest): Promise<StreamPage> {
    return request.direction === 'forward' ? this.#forward(request) : this.#backward(request)
  }

  async head(streamId: string): Promise<StoredHead> {
    const tip = await this.#tips.current(streamId)
    const { version, deleted, sequence, id, origin } = tip
    if (version === 0) return { version, deleted, firstVersion: 1, sequence, id }
    const { first = 1 } = (await this.#tips.note(streamId)) ?? {}
    return { version, deleted, firstVersion: deleted ? version + 1 : Math.max(first, origin), sequence, id }
  }

  /**
   * Commits from `number` on in steps of several at once, as far as there are any.
   *
   * @param direction - 1 or -1, down to the first.
   * @param wanted - events that are needed, which may be in as many commits.
   */
  async *commits(
    streamId: string,
    number: number,
    direction: 1 | -1,
    wanted = MAX_WINDOW,
  ): AsyncGenerator<readonly CommitDocument[]> {
    let next = number
    let characters = 0
    let last: CommitDocument | undefined
    for (let window = 4; next > 0; window = Math.min(MAX_WINDOW, 2 * window)) {
      const known = direction === 1 ? (this.#tips.known(streamId)?.number ?? 0) - next + 2 : next
      // What is known to be there is asked for at once.
      let count = Math.min(MAX_WINDOW, Math.max(window, known))
      if (direction === -1) count = Math.min(count, next)
      if (characters > 0) count = Math.max(1, Math.min(count, Math.floor(WINDOW_CHARACTERS / characters)))
      else count = Math.min(count, wanted, 16)
      const asked = Array.from({ length: count }, (_, index) =>
        this.#commit(streamId, next + direction * index),
      )
      const found = await Promise.all(asked)
      const end = found.indexOf(undefined)
      const commits = found.slice(0, end < 0 ? found.length : end).filter((commit) => commit !== undefined)
      if (commits.length > 0) yield commits
      last = commits.at(-1) ?? last
      if (end >= 0) {
        // Who reads a stream to its end is about to append to it.
        if (direction === 1 && last !== undefined) this.#tips.learn(streamId, tipOf(last))
        return
      }
      characters = commits.reduce((sum, commit) => sum + charactersOf(commit), 0) / commits.length
      next += direction * count
    }
  }

  /** The number of the commit that holds `version`, which lies above what was removed and is there. */
  async numberOf(streamId: string, version: number, note: StreamNote | undefined): Promise<number> {
    const tip = await this.#tips.current(streamId)
    const place = this.#places.get(streamId)
    let low: Place = { version: tip.origin, number: 1 }
    let high: Place = { version: tip.version + 1, number: tip.number + 1 }
    const { first = 0, removed = 0 } = note ?? {}
    const marks = [
      ...(place === undefined ? [] : [place]),
      ...(removed > 0 && version >= first ? [{ version: first, number: removed }] : []),
    ]
    for (const mark of marks) {
      if (mark.version <= version && mark.number > low.number) low = mark
      else if (mark.version > version && mark.number < high.number) high = mark
    }
    // Commits of one stream are often alike in size: a guess by their average is nearly right.
    while (high.number - low.number > 1) {
      const share = (version - low.version) / Math.max(1, high.version - low.version)
      const guess = low.number + Math.floor(share * (high.number - low.number))
      const number = Math.min(high.number - 1, Math.max(low.number + 1, guess))
      const [first, last] =
        (await this.#connection.lookup(this.#keys.commit(streamId, number), ['version', 'last'])) ?? []
      if (Number(first) > version) high = { version: Number(first), number }
      else if (Number(last) < version) low = { version: Number(last) + 1, number: number + 1 }
      else return number
    }
    return low.number
  }

  async #forward(request: StreamPageRequest): Promise<StreamPage> {
    const { streamId, to, limit } = request
    const place = this.#places.get(streamId)
    const note = await this.#tips.note(streamId)
    const from = Math.max(request.from, note?.first ?? 1)
    if (from > to) return { events: [], done: true, next: from }
    let number = 1
    if (place?.version === from) number = place.number
    else if (from > 1) {
      const { version } = await this.#tips.current(streamId)
      if (from > version) return { events: [], done: true, next: from }
      number = await this.numberOf(streamId, from, note)
    }
    const page = new Gathered(request, from, to)
    for await (const commits of this.commits(streamId, number, 1, limit)) {
      for (const commit of commits) {
        if (commit.deleted === 1 && (note?.first ?? 1) <= commit.last) {
          // Whoever deleted it has not told readers yet.
          await this.#tips.raiseNote(streamId, { first: commit.last + 1 })
          return this.#forward(request)
        }
        if (commit.version > to) return page.end(true, commit.version)
        const next = page.take(
          commit,
          commit.events.map((_, index) => index),
        )
        if (next !== undefined) {
          if (next > commit.last) this.#places.set(streamId, { version: next, number: commit.number + 1 })
          return page.end(next > to, next)
        }
      }
    }
    return page.end(true, page.reached + 1)
  }

  async #backward(request: StreamPageRequest): Promise<StreamPage> {
    const { streamId } = request
    const tip = await this.#tips.current(streamId)
    const note = await this.#tips.note(streamId)
    const from = Math.max(request.from, note?.first ?? 1, tip.origin)
    const to = Math.min(request.to, tip.version)
    if (from > to || tip.deleted) return { events: [], done: true, next: request.from - 1 }
    const place = this.#places.get(streamId)
    const number = place?.version === to + 1 ? place.number - 1 : await this.numberOf(streamId, to, note)
    const page = new Gathered(request, from, to)
    for await (const commits of this.commits(streamId, number, -1, request.limit)) {
      for (const commit of commits) {
        if (commit.last < from) return page.end(true, from - 1)
        const next = page.take(
          commit,
          commit.events.map((_, index) => commit.events.length - 1 - index),
        )
        if (next !== undefined) {
          if (next < commit.version)
            this.#places.set(streamId, { version: commit.version, number: commit.number })
          return page.end(next < from, next)
        }
      }
    }
    return page.end(true, from - 1)
  }

  async #commit(streamId: string, number: number): Promise<CommitDocument | undefined> {
    const found = await this.#connection.get<CommitDocument>(this.#keys.commit(streamId, number))
    if (found === undefined) return undefined
    checkName(found.content.stream, streamId)
    return found.content
  }
}

/** The events of one page. */
class Gathered {
  readonly #request: StreamPageRequest
  readonly #from: number
  readonly #to: number
  readonly #events: StoredEvent[] = []
  #characters = 0
  reached: number

  constructor(request: StreamPageRequest, from: number, to: number) {
    this.#request = request
    this.#from = from
    this.#to = to
    this.reached = from - 1
  }

  /** Takes events of a commit in the given order; returns the version to go on with when there is no more room. */
  take(commit: CommitDocument, order: readonly number[]): number | undefined {
    const step = this.#request.direction === 'forward' ? 1 : -1
    for (const index of order) {
      const version = commit.version + index
      if (version < this.#from || version > this.#to) continue
      const sequence = commit.at - (commit.last - version)
      const event = storedEvent(commit, index, sequence, this.#request.partition)
      this.reached = version
      if (event === undefined) continue
      this.#events.push(event)
      this.#characters += event.data.length + event.metadata.length
      if (this.#events.length >= this.#request.limit) return version + step
    }
    if (this.#characters < PAGE_CHARACTERS) return undefined
    return step === 1 ? Math.max(this.#from, commit.last + 1) : Math.min(this.#to, commit.version - 1)
  }

  end(done: boolean, next: number): StreamPage {
    return { events: this.#events, done, next }
  }
}

function charactersOf({ events }: CommitDocument): number {
  let sum = 1
  for (const [, , , , data = '', metadata = ''] of events) sum += data.length + metadata.length
  return sum
}
