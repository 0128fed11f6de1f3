import {
  type AppendResult,
  type Backend,
  type DocumentStore,
  type DocumentWrite,
  type EventStore,
  type Handler,
  type HandlerMap,
  type NewEvent,
  notSupported,
  placeInStream,
  type RecordedEvent,
} from '@eventspine/core'
import { v7 } from 'uuid'
import { LIVE_CONTEXT } from './live-context.ts'
import { PendingEvent } from './pending-event.ts'
import { type Build, collectionOf } from './projection-build.ts'
import { buildsOf, type Definition, entered, ProjectionCatalogue } from './projection-catalogue.ts'
import { documentsOf, type ProjectedDocument } from './read-model.ts'
import { truncated } from './stream-fold.ts'

/** A projection of whatever state and events: methods, so that all of them fit. */
export interface AnyProjection extends Definition {
  key(event: RecordedEvent): string | undefined
  next(state: unknown, event: RecordedEvent): unknown
  handlers<Native>(apply: Handler<Native>): readonly HandlerMap<Native>[]
}

/** Projections whose documents are written in the commit of the events; made by {@link inlineProjections}. */
export interface InlineProjections {
  /**
   * Appends events at an exact version, and writes what follows from them, as one commit.
   *
   * @throws {@link EventStoreError} `REVISION_CONFLICT`: another wrote one of the documents meanwhile; nothing was
   *   written. Else as of a commit.
   */
  append(
    streamId: string,
    events: readonly NewEvent[],
    options: { readonly expectedVersion: number; readonly signal?: AbortSignal | undefined },
  ): Promise<AppendResult>
}

/**
 * Runs projections inline: their documents change in the very commit of the events, or not at all, so that they
 * are never behind. It gives a command handler its `inline`.
 *
 * A document lacks what was appended to a stream before, or by others: that is read and applied first, from the
 * stamp that the document carries. What happened in streams that are not written to any more comes from
 * {@link rebuildProjection} or an async run of the same projection; they do not get in each other's way.
 *
 * @throws {@link EventStoreError} `NOT_SUPPORTED`: the backend has no commits of events and documents.
 */
export function inlineProjections(
  backend: Pick<Backend, 'name' | 'store' | 'documents'>,
  projections: readonly AnyProjection[],
): InlineProjections {
  const { store, documents } = backend
  if (store.capabilities.documentsWithAppend === 'none')
    throw notSupported(
      `${backend.name} writes no documents in the commit of events: run the projection async`,
    )
  const all = projections.map((projection) => new InlineProjection(store, documents, projection))
  return {
    async append(streamId, given, { expectedVersion, signal }) {
      const events = given.map((event) => (event.id === undefined ? { ...event, id: v7() } : event))
      const pending = events.map(
        (event, index) => new PendingEvent(event, streamId, expectedVersion + 1 + index),
      )
      const writes: DocumentWrite[] = []
      for (const projection of all)
        writes.push(...(await projection.writesOf(streamId, expectedVersion, pending, signal)))
      if (writes.length === 0) return store.append(streamId, events, { expectedVersion, signal })
      const { streams, token, repeated } = await store.commit({
        streams: [{ streamId, events, expectedVersion }],
        documents: writes,
        signal,
      })
      const version = expectedVersion + events.length
      return { streamId, version, position: streams[0]?.position, token, repeated }
    },
  }
}

/** What one event does to a document. */
interface Effect {
  readonly key: string
  readonly event: RecordedEvent
}

class InlineProjection {
  readonly #store: Pick<EventStore, 'read'>
  readonly #documents: DocumentStore
  readonly #projection: AnyProjection
  readonly #catalogue: ProjectionCatalogue

  constructor(store: Pick<EventStore, 'read'>, documents: DocumentStore, projection: AnyProjection) {
    this.#store = store
    this.#documents = documents
    this.#projection = projection
    this.#catalogue = new ProjectionCatalogue(documents, projection.name)
  }

  /** The documents that events of one stream lead to, in every build that is read or will be. */
  async writesOf(
    streamId: string,
    before: number,
    pending: readonly RecordedEvent[],
    signal: AbortSignal | undefined,
  ): Promise<readonly DocumentWrite[]> {
    const effects = await this.#effectsOf(pending)
    if (effects.length === 0) return []
    const record = await this.#catalogue.update((known) => entered(known, this.#projection), signal)
    const after = before + pending.length
    const writes: DocumentWrite[] = []
    for (const build of buildsOf(record, this.#projection)) {
      for (const key of new Set(effects.map((effect) => effect.key))) {
        const own = effects.filter((effect) => effect.key === key)
        const write = await this.#writeOf(build, key, own, { streamId, before, after, signal })
        if (write !== undefined) writes.push(write)
      }
    }
    return writes
  }

  async #writeOf(
    build: Build,
    key: string,
    effects: readonly Effect[],
    { streamId, before, after, signal }: Stretch,
  ): Promise<DocumentWrite | undefined> {
    const collection = documentsOf<unknown>(this.#documents, collectionOf(this.#projection.name, build))
    const current = await collection.get(key)
    const streams = current?.value.streams ?? {}
    const stamp = streams[streamId] ?? 0
    const missed = stamp < before ? await this.#missed(streamId, key, stamp, before, signal) : []
    let state = current?.value.state
    for (const { event } of [...missed, ...effects.filter((effect) => placeInStream(effect.event) > stamp)])
      state = this.#projection.next(state, event)
    if (current === undefined && state === undefined) return undefined
    const next: ProjectedDocument<unknown> = {
      ...(state === undefined ? {} : { state }),
      // Of all that the stream holds by then, so that the next commit finds nothing missing.
      streams: { ...streams, [streamId]: after },
    }
    const expectedRevision = current === undefined ? 'none' : { revision: current.revision }
    return collection.putting(key, next, { expectedRevision })
  }

  /** What the document has not seen of the stream; parts of an event count by their places. */
  async #missed(
    streamId: string,
    key: string,
    stamp: number,
    before: number,
    signal: AbortSignal | undefined,
  ): Promise<readonly Effect[]> {
    const from = Math.floor(stamp) + 1
    const missed: Effect[] = []
    let expected = from
    for await (const page of this.#store.read(streamId, { from, to: before, signal }).pages()) {
      const [first] = page
      if (first !== undefined && first.streamPosition !== expected)
        throw truncated(streamId, first.streamPosition)
      expected += page.length
      const effects = await this.#effectsOf(page)
      missed.push(...effects.filter((effect) => effect.key === key && placeInStream(effect.event) > stamp))
    }
    if (expected <= before) throw truncated(streamId, before + 1)
    return missed
  }

  /** The events that the projection takes, in the form that its contracts say, with their documents. */
  async #effectsOf(events: readonly RecordedEvent[]): Promise<readonly Effect[]> {
    const effects: Effect[] = []
    const maps = this.#projection.handlers<unknown>((event) => {
      const key = this.#projection.key(event)
      if (key !== undefined) effects.push({ key, event })
    })
    for (const event of events) {
      for (const { types, handle } of maps) {
        if (types === 'all' || types.includes(event.type)) await handle(event, LIVE_CONTEXT)
      }
    }
    return effects
  }
}

/** The commit that a document is written in. */
interface Stretch {
  readonly streamId: string
  /** Version of the stream before the commit. */
  readonly before: number
  readonly after: number
  readonly signal: AbortSignal | undefined
}
