import {
  type Backend,
  type DocumentWrite,
  EventStoreError,
  type ExpectedVersion,
  type Position,
  type RecordedEvent,
  type Transaction,
} from '@eventspine/core'
import type { Expectation, ProgramDocument, ProgramEvent, RelativeVersion, Step } from './step.ts'

type Ports = Pick<Transaction, 'store' | 'documents'>

/** Thrown to roll a transaction back. */
class Rollback extends Error {}

interface RememberedAppend {
  readonly streamId: string
  readonly events: readonly ProgramEvent[]
  readonly expectedVersion: ExpectedVersion
}

/** A store that programs may close and open again. */
export interface OpenedStore {
  readonly backend: Backend
  reopen(): Promise<void>
}

/** Where a program runs: names of its own in a store that it may share with others. */
export interface Place {
  readonly opened: OpenedStore
  /** Its streams, all of one partition; the last one is never written to. */
  readonly streamIds: readonly string[]
  readonly collection: string
  readonly listed: boolean
  readonly partition: number
}

/**
 * Runs a program and keeps what it could see. Ids are the program's own; positions and revisions, which
 * every store chooses for itself, are replaced by what they stand for.
 */
export class Execution {
  readonly #place: Place
  readonly #appends: RememberedAppend[] = []
  readonly #positions: Position[] = []
  readonly #revisions = new Map<string, string[]>()

  private constructor(place: Place, start: Position) {
    this.#place = place
    this.#positions.push(start)
  }

  static async begin(place: Place): Promise<Execution> {
    return new Execution(place, await place.opened.backend.store.feedHead(place.partition))
  }

  /** What the step returned, or the code and outcome of its error. */
  async run(step: Step): Promise<unknown> {
    if (step.kind === 'reopen') await this.#place.opened.reopen()
    return this.#observe(step, this.#place.opened.backend)
  }

  async #observe(step: Step, ports: Ports): Promise<unknown> {
    try {
      return await this.#perform(step, ports)
    } catch (error) {
      if (!EventStoreError.is(error)) throw error
      return { code: error.code, outcome: error.outcome, retryable: error.retryable }
    }
  }

  async #perform(step: Step, ports: Ports): Promise<unknown> {
    const { store, documents } = ports
    const notes = documents.collection(this.#place.collection, { listed: this.#place.listed })
    switch (step.kind) {
      case 'append':
        return this.#append(ports, await this.#resolveAppend(step, ports))
      case 'repeat':
        return this.#repeat(ports, step.remembered, step.changed)
      case 'commit':
        return this.#commit(step, ports)
      case 'read':
        return (await store.read(this.#streamId(step.stream), step.options).toArray()).map(plain)
      case 'head': {
        const { version, exists, deleted, firstVersion } = await store.head(this.#streamId(step.stream))
        return { version, exists, deleted, firstVersion }
      }
      case 'feed': {
        const after = this.#positions[step.remembered % this.#positions.length]
        const { pageSize, limit } = step
        return (await store.feed({ after, pageSize, limit }).toArray()).map(plain)
      }
      case 'delete':
        return store.delete(this.#streamId(step.stream), await this.#expected(step, ports))
      case 'truncate': {
        const before = Math.max(1, await this.#version(step.stream, step.before, ports))
        return store.truncate(this.#streamId(step.stream), { before, ...(await this.#expected(step, ports)) })
      }
      case 'import':
        return this.#import(step, ports)
      case 'write': {
        const revisions = await documents.batch(
          step.documents.map((document) => this.#write(document, ports)),
        )
        return this.#remember(step.documents, revisions)
      }
      case 'get': {
        const found = await notes.getMany(step.keys.map(keyOf), { partition: this.#place.partition })
        return found.map(
          (document) => document && { value: document.value, revision: this.#ordinal(document) },
        )
      }
      case 'list': {
        const { prefix, pageSize } = step
        const found: unknown[] = []
        for await (const document of notes.list({ prefix, pageSize, partition: this.#place.partition })) {
          found.push({ key: document.key, value: document.value, revision: this.#ordinal(document) })
        }
        return found
      }
      case 'transaction':
        return this.#transaction(step)
      case 'reopen':
        return 'reopened'
    }
  }

  async #append(ports: Ports, { streamId, events, expectedVersion }: RememberedAppend): Promise<unknown> {
    const { version, repeated, position } = await ports.store.append(streamId, events, { expectedVersion })
    if (position !== undefined) this.#positions.push(position)
    return { version, repeated }
  }

  async #resolveAppend(step: Extract<Step, { kind: 'append' }>, ports: Ports): Promise<RememberedAppend> {
    const { expectedVersion } = await this.#expected(step, ports)
    const append = { streamId: this.#streamId(step.stream), events: step.events, expectedVersion }
    this.#appends.push(append)
    return append
  }

  async #repeat(ports: Ports, remembered: number, changed: boolean): Promise<unknown> {
    const append = this.#appends[remembered % Math.max(1, this.#appends.length)]
    // Only exact expectations are told as repeats; others would double.
    if (append === undefined || append.expectedVersion === 'any' || append.expectedVersion === 'exists')
      return 'nothing'
    const events = changed
      ? append.events.map((event) => ({ ...event, type: `${event.type}Other` }))
      : append.events
    return this.#append(ports, { ...append, events })
  }

  async #commit({ streams, documents }: Extract<Step, { kind: 'commit' }>, ports: Ports): Promise<unknown> {
    const resolved = await Promise.all(
      streams.map(async (stream) => ({
        streamId: this.#streamId(stream.stream),
        events: stream.events,
        ...(await this.#expected(stream, ports)),
      })),
    )
    const result = await ports.store.commit({
      streams: resolved,
      documents: documents.map((document) => this.#write(document, ports)),
    })
    this.#positions.push(...result.token.split(','))
    return {
      versions: result.streams.map(({ version }) => version),
      repeated: result.repeated,
      revisions: this.#remember(documents, result.revisions),
    }
  }

  async #import(step: Extract<Step, { kind: 'import' }>, ports: Ports): Promise<unknown> {
    const from = Math.max(1, await this.#version(step.stream, step.from, ports))
    const { deleted } = await ports.store.head(this.#streamId(step.stream))
    // What an import does to a deleted stream is left to the backend.
    if (deleted) return 'nothing'
    const { token } = await ports.store.import(
      step.events.map((event, index) => ({
        schemaVersion: 1,
        metadata: {},
        ...event,
        streamId: this.#streamId(step.stream),
        streamPosition: from + index,
        timestamp: '2001-01-01T00:00:00.000Z',
      })),
    )
    this.#positions.push(token)
    return 'imported'
  }

  async #transaction({ steps, rollback }: Extract<Step, { kind: 'transaction' }>): Promise<unknown> {
    const seen: unknown[] = []
    const before = { appends: this.#appends.length, positions: this.#positions.length }
    try {
      await this.#place.opened.backend.transaction(async (ports) => {
        for (const step of steps) seen.push(await this.#observe(step, ports))
        if (rollback) throw new Rollback('rolled back on purpose')
      })
    } catch (error) {
      if (!(error instanceof Rollback)) throw error
      // What it saw never was: nothing may refer to it any more.
      this.#appends.length = before.appends
      this.#positions.length = before.positions
    }
    return seen
  }

  #streamId(stream: number): string {
    return this.#place.streamIds[stream] ?? this.#place.streamIds[0] ?? ''
  }

  async #version(stream: number, { relative }: RelativeVersion, { store }: Ports): Promise<number> {
    return (await store.head(this.#streamId(stream))).version + relative
  }

  async #expected(
    { stream, expected }: { readonly stream: number; readonly expected: Expectation },
    ports: Ports,
  ): Promise<{ readonly expectedVersion: ExpectedVersion }> {
    if (typeof expected === 'string') return { expectedVersion: expected }
    return { expectedVersion: Math.max(0, await this.#version(stream, expected, ports)) }
  }

  #write({ key, value, expected }: ProgramDocument, { documents }: Ports): DocumentWrite {
    const notes = documents.collection(this.#place.collection, { listed: this.#place.listed })
    const known = this.#revisions.get(keyOf(key)) ?? []
    const revision = expected === 'current' ? known.at(-1) : known.at(-2)
    const expectedRevision =
      expected === 'any' || expected === 'none'
        ? expected
        : revision === undefined
          ? ('none' as const)
          : { revision }
    const options = { partition: this.#place.partition, expectedRevision }
    return value === undefined
      ? notes.deleting(keyOf(key), options)
      : notes.putting(keyOf(key), value, options)
  }

  #remember(
    documents: readonly ProgramDocument[],
    revisions: readonly (string | undefined)[],
  ): readonly (number | undefined)[] {
    return documents.map(({ key }, index) => {
      const revision = revisions[index]
      return revision === undefined ? undefined : this.#ordinal({ key: keyOf(key), revision })
    })
  }

  /** A revision is known by how many others its document had before. */
  #ordinal({ key, revision }: { readonly key: string; readonly revision: string }): number {
    const known = this.#revisions.get(key) ?? []
    this.#revisions.set(key, known)
    if (!known.includes(revision)) known.push(revision)
    return known.indexOf(revision)
  }
}

function keyOf(key: number): string {
  return key % 2 === 0 ? `k${key}` : `k%${key}`
}

/** All of an event but its place in the feed and the time of the store. */
function plain(event: RecordedEvent): unknown {
  return { ...event.toJSON(), position: '', timestamp: '' }
}
