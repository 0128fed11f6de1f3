import {
  type ContractShape,
  type DocumentCollection,
  type DocumentStore,
  EventStoreError,
  placeInStream,
} from '@eventspine/core'
import type { ProjectedEvent, Projection } from './projection.ts'
import { documentsOf, type ProjectedDocument } from './read-model.ts'

/**
 * Applies events to the documents of a projection, each once, however often it is delivered and whoever
 * else applies it: a document carries the version of each stream up to which it was applied, and is only ever
 * replaced at the revision that was read.
 */
export class DocumentProjector<State, Contract extends ContractShape> {
  /** Events whose effect this projector wrote. */
  applied = 0
  /** Events that had had their effect before. */
  repeated = 0
  readonly #projection: Projection<State, Contract>
  readonly #collection: DocumentCollection<ProjectedDocument<State>>
  readonly #isRebuilding: () => boolean
  /** What is under way for each key: without it, streams that share a document would only get in each other's way. */
  readonly #underWay = new Map<string, Promise<void>>()

  constructor(
    documents: DocumentStore,
    projection: Projection<State, Contract>,
    collection: string,
    isRebuilding: () => boolean,
  ) {
    this.#projection = projection
    this.#collection = documentsOf(documents, collection)
    this.#isRebuilding = isRebuilding
  }

  async apply(event: ProjectedEvent<Contract>, signal: AbortSignal): Promise<void> {
    const key = this.#projection.key(event)
    if (key === undefined) return
    const before = this.#underWay.get(key)
    const own =
      before === undefined ? this.#applyTo(key, event, signal) : this.#applyAfter(before, key, event, signal)
    this.#underWay.set(key, own)
    try {
      await own
    } finally {
      if (this.#underWay.get(key) === own) this.#underWay.delete(key)
    }
  }

  async #applyAfter(
    before: Promise<void>,
    key: string,
    event: ProjectedEvent<Contract>,
    signal: AbortSignal,
  ): Promise<void> {
    // Its failure is its own caller's concern.
    await before.catch(() => undefined)
    await this.#applyTo(key, event, signal)
  }

  async #applyTo(key: string, event: ProjectedEvent<Contract>, signal: AbortSignal): Promise<void> {
    const { streamId, position } = event
    // Parts that one stored event is read as may concern the same document.
    const place = placeInStream(event)
    for (;;) {
      signal.throwIfAborted()
      const current = await this.#collection.get(key)
      const streams = current?.value.streams ?? {}
      const stamp = streams[streamId] ?? 0
      if (stamp >= place) {
        this.repeated++
        // Whoever wrote it may have died before others were told.
        if (stamp === place) await this.#tell(key, current?.value.state, event, signal)
        return
      }
      const state = this.#projection.next(current?.value.state, event)
      if (current === undefined && state === undefined) return
      const next = {
        ...(state === undefined ? {} : { state }),
        position,
        streams: { ...streams, [streamId]: place },
      }
      const expectedRevision = current === undefined ? 'none' : { revision: current.revision }
      try {
        await this.#collection.put(key, next, { expectedRevision })
        this.applied++
      } catch (error) {
        // Another process changed the document meanwhile, so something was done: look again.
        if (!EventStoreError.is(error, 'REVISION_CONFLICT')) throw error
        continue
      }
      await this.#tell(key, state, event, signal)
      return
    }
  }

  async #tell(
    key: string,
    state: State | undefined,
    event: ProjectedEvent<Contract>,
    signal: AbortSignal,
  ): Promise<void> {
    if (!this.#isRebuilding()) await this.#projection.onChange?.({ key, state, event, signal })
  }
}
