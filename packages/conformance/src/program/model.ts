import assert from 'node:assert/strict'
import {
  type EventStore,
  EventStoreError,
  type ExpectedVersion,
  type Position,
  type ReadOptions,
} from '@eventspine/core'
import type { AsyncCommand } from 'fast-check'
import { numberOf, sampleEvents } from '../sample-events.ts'

interface ModelEvent {
  readonly streamId: string
  readonly version: number
  readonly number: number
}

interface ModelStream {
  version: number
  firstVersion: number
  deletedAt: number
}

/** A store as a list: what the laws say, in the fewest words. */
export interface Model {
  readonly streams: Map<string, ModelStream>
  /** All that was committed, removed events included. */
  readonly feed: ModelEvent[]
  nextNumber: number
}

/** The store under test, and the positions behind each event of the model's feed. */
export interface Real {
  readonly store: EventStore
  /** The name in the store of a stream of the model: other programs use the store too. */
  readonly nameOf: (streamId: string) => string
  readonly start: Position
  readonly positions: Position[]
}

export type StoreCommand = AsyncCommand<Model, Real>

function streamOf(model: Model, streamId: string): ModelStream {
  return model.streams.get(streamId) ?? { version: 0, firstVersion: 1, deletedAt: 0 }
}

function isDeleted({ version, deletedAt }: ModelStream): boolean {
  return version > 0 && deletedAt === version
}

/** What an append or removal at that expectation must be refused with. */
function refusalOf(stream: ModelStream, expected: ExpectedVersion, reopens: boolean): string | undefined {
  if (isDeleted(stream) && reopens && expected !== stream.version) return 'STREAM_DELETED'
  const fits =
    expected === 'any' ||
    (expected === 'none' && stream.version === 0) ||
    (expected === 'exists' && stream.version > 0) ||
    expected === stream.version
  return fits ? undefined : 'VERSION_CONFLICT'
}

function visible(model: Model, event: ModelEvent): boolean {
  return event.version >= streamOf(model, event.streamId).firstVersion
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (EventStoreError.is(error)) return error.code
    throw error
  }
}

export class AppendCommand implements StoreCommand {
  readonly #streamId: string
  readonly #count: number
  readonly #expected: ExpectedVersion

  constructor(streamId: string, count: number, expected: ExpectedVersion) {
    this.#streamId = streamId
    this.#count = count
    this.#expected = expected
  }

  check(): boolean {
    return true
  }

  async run(model: Model, real: Real): Promise<void> {
    const stream = streamOf(model, this.#streamId)
    const events = sampleEvents(this.#count, model.nextNumber)
    const appending = real.store.append(real.nameOf(this.#streamId), events, {
      expectedVersion: this.#expected,
    })
    const refused = refusalOf(stream, this.#expected, true)
    assert.equal(await codeOf(appending), refused)
    if (refused !== undefined || this.#count === 0) return
    const { version, position = '' } = await appending
    for (const { data } of events) {
      stream.version++
      model.feed.push({ streamId: this.#streamId, version: stream.version, number: data.number })
      real.positions.push('')
    }
    real.positions[model.feed.length - 1] = position
    model.streams.set(this.#streamId, stream)
    model.nextNumber += this.#count
    assert.equal(version, stream.version)
  }

  toString(): string {
    return `append ${this.#count} to ${this.#streamId} at ${this.#expected}`
  }
}

export class ReadCommand implements StoreCommand {
  readonly #streamId: string
  readonly #options: ReadOptions

  constructor(streamId: string, options: ReadOptions) {
    this.#streamId = streamId
    this.#options = options
  }

  check(): boolean {
    return true
  }

  async run(model: Model, { store, nameOf }: Real): Promise<void> {
    const { from = 1, to = Infinity, direction, limit = Infinity } = this.#options
    const within = model.feed.filter(
      (event) =>
        event.streamId === this.#streamId &&
        visible(model, event) &&
        event.version >= from &&
        event.version <= to,
    )
    const expected = (direction === 'backward' ? within.toReversed() : within).slice(0, limit)
    const events = await store.read(nameOf(this.#streamId), this.#options).toArray()
    assert.deepEqual(
      events.map((event) => [event.streamPosition, numberOf(event)]),
      expected.map(({ version, number }) => [version, number]),
    )
    const { version, deleted } = await store.head(nameOf(this.#streamId))
    const stream = streamOf(model, this.#streamId)
    assert.deepEqual([version, deleted], [stream.version, isDeleted(stream)])
  }

  toString(): string {
    return `read ${this.#streamId} ${JSON.stringify(this.#options)}`
  }
}

export class FeedCommand implements StoreCommand {
  readonly #from: number
  readonly #pageSize: number

  constructor(from: number, pageSize: number) {
    this.#from = from
    this.#pageSize = pageSize
  }

  check(): boolean {
    return true
  }

  async run(model: Model, { store, nameOf, start, positions }: Real): Promise<void> {
    // Positions are known of the last event of each append only.
    const known = positions.flatMap((position, index) =>
      position === '' ? [] : [{ position, index: index + 1 }],
    )
    const { position, index } = [{ position: start, index: 0 }, ...known][
      this.#from % (known.length + 1)
    ] ?? {
      position: start,
      index: 0,
    }
    const expected = model.feed.slice(index).filter((event) => visible(model, event))
    const events = await store.feed({ after: position, pageSize: this.#pageSize }).toArray()
    assert.deepEqual(
      events.map((event) => [event.streamId, event.streamPosition, numberOf(event)]),
      expected.map(({ streamId, version, number }) => [nameOf(streamId), version, number]),
    )
  }

  toString(): string {
    return `feed from ${this.#from} in pages of ${this.#pageSize}`
  }
}

export class RemoveCommand implements StoreCommand {
  readonly #streamId: string
  /** The first version that stays; `undefined` deletes the stream. */
  readonly #before: number | undefined
  readonly #expected: ExpectedVersion

  constructor(streamId: string, before: number | undefined, expected: ExpectedVersion) {
    this.#streamId = streamId
    this.#before = before
    this.#expected = expected
  }

  check(): boolean {
    return true
  }

  async run(model: Model, { store, nameOf }: Real): Promise<void> {
    const stream = streamOf(model, this.#streamId)
    const options = { expectedVersion: this.#expected }
    const removing =
      this.#before === undefined
        ? store.delete(nameOf(this.#streamId), options)
        : store.truncate(nameOf(this.#streamId), { ...options, before: this.#before })
    const behindHead = this.#before !== undefined && this.#before > stream.version + 1
    const nothingThere = stream.version === 0 || isDeleted(stream)
    const refused =
      refusalOf(stream, this.#expected, false) ??
      (behindHead && !nothingThere ? 'VERSION_CONFLICT' : undefined)
    assert.equal(await codeOf(removing), refused)
    if (refused !== undefined || nothingThere) return
    const firstKept = this.#before ?? stream.version + 1
    stream.firstVersion = Math.max(stream.firstVersion, firstKept)
    if (this.#before === undefined) stream.deletedAt = stream.version
  }

  toString(): string {
    return `remove ${this.#streamId} before ${this.#before ?? 'all'} at ${this.#expected}`
  }
}
