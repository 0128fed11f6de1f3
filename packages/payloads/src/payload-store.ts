import {
  type Commit,
  type CommitOutcome,
  type EventStoreAdapter,
  EventStoreError,
  type FeedHead,
  type FeedPage,
  type FeedPageRequest,
  type ImportedEvent,
  type RemovalOutcome,
  type StoredHead,
  type StreamPage,
  type StreamPageRequest,
  type StreamRemoval,
} from '@eventspine/core'
import { ClaimCheck } from './claim-check.ts'
import { loadFeedPage } from './load-feed-page.ts'
import { loadPage } from './load-page.ts'
import { PayloadLoader } from './load-payloads.ts'
import type { PayloadParts } from './parts.ts'
import { removePayloads, removedPayloads } from './remove-payloads.ts'

/** A store that keeps the data of its events apart. */
export class PayloadStore implements EventStoreAdapter {
  readonly #target: EventStoreAdapter
  readonly #parts: PayloadParts
  readonly #claimCheck: ClaimCheck
  readonly #loader: PayloadLoader

  constructor(target: EventStoreAdapter, parts: PayloadParts) {
    const { options, cache, store, maxAppendBytes, adapterFor } = parts
    this.#target = target
    this.#parts = parts
    this.#claimCheck = new ClaimCheck(options, { store, log: false, maxAppendBytes }, adapterFor)
    this.#loader = new PayloadLoader(options, cache, adapterFor)
  }

  doAppend(commits: readonly Commit[], lockTimeoutMs: number): Promise<readonly CommitOutcome[]> {
    const { waitsForTransactions } = this.#parts
    if (!waitsForTransactions)
      return this.#claimCheck.commit(commits, (ready) => this.#target.doAppend(ready, lockTimeoutMs))
    const startedMs = performance.now()
    return this.#claimCheck.commit(
      commits,
      (ready) => {
        const leftMs = Math.max(1, Math.ceil(startedMs + lockTimeoutMs - performance.now()))
        return this.#target.doAppend(ready, leftMs)
      },
      lockTimeoutMs,
    )
  }

  doRead(request: StreamPageRequest): Promise<StreamPage> {
    return loadPage({
      loader: this.#loader,
      maxPageBytes: this.#parts.options.maxPageBytes,
      read: () => this.#target.doRead(request),
      cut: ({ events }, index) => {
        const version = events[index]?.version ?? request.from
        const next = request.direction === 'forward' ? version + 1 : version - 1
        return { events: events.slice(0, index + 1), done: false, next }
      },
    })
  }

  doHead(streamId: string, partition: number): Promise<StoredHead> {
    return this.#target.doHead(streamId, partition)
  }

  doReadFeed(request: FeedPageRequest): Promise<FeedPage> {
    return loadFeedPage(this.#loader, this.#parts.options, () => this.#target.doReadFeed(request))
  }

  doFeedHead(partition: number): Promise<FeedHead> {
    return this.#target.doFeedHead(partition)
  }

  doWaitForFeed(partition: number, after: number, signal: AbortSignal): Promise<void> {
    return this.#target.doWaitForFeed(partition, after, signal)
  }

  async doRemove(removal: StreamRemoval): Promise<RemovalOutcome> {
    const payloads = await removedPayloads(this.#target, this.#loader, removal)
    const outcome = await this.#target.doRemove(removal)
    if (outcome.ok) await removePayloads(payloads, this.#parts)
    return outcome
  }

  async doImport(partition: number, events: readonly ImportedEvent[]): Promise<CommitOutcome> {
    const replaced = await this.#claimCheck.replace(events, ({ version }) => version)
    const limit = this.#parts.maxAppendBytes
    let bytes = 0
    for (const { data, metadata } of replaced) bytes += Buffer.byteLength(data) + Buffer.byteLength(metadata)
    if (bytes <= limit) return this.#target.doImport(partition, replaced)
    const error = new EventStoreError(
      'LIMIT_EXCEEDED',
      `events: ${bytes} bytes with their data kept apart, the backend takes ${limit}`,
      { field: 'events' },
    )
    return { ok: false, error }
  }

  doSeal(partition: number, sealed: boolean): Promise<void> {
    return this.#target.doSeal(partition, sealed)
  }
}
