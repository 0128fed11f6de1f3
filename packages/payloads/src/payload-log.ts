import {
  type Commit,
  type CommitOutcome,
  type CompetingAdapter,
  type EventLogAdapter,
  type FeedHead,
  type FeedPage,
  type FeedPageRequest,
  type RelayLimits,
  type RelayTargetAdapter,
} from '@eventspine/core'
import { ClaimCheck } from './claim-check.ts'
import { loadFeedPage } from './load-feed-page.ts'
import { PayloadLoader } from './load-payloads.ts'
import type { PayloadParts } from './parts.ts'
import { payloadCompeting } from './payload-competing.ts'
import { payloadRelay } from './payload-relay.ts'

/** A native stream that keeps the data of its events apart. */
export class PayloadLog implements EventLogAdapter {
  readonly relay?: RelayTargetAdapter
  readonly competing?: CompetingAdapter
  readonly #target: EventLogAdapter
  readonly #parts: PayloadParts
  readonly #claimCheck: ClaimCheck
  readonly #loader: PayloadLoader

  constructor(target: EventLogAdapter, parts: PayloadParts, limits: RelayLimits) {
    const { options, cache, store, maxAppendBytes, adapterFor } = parts
    this.#target = target
    this.#parts = parts
    this.#claimCheck = new ClaimCheck(options, { store, log: true, maxAppendBytes }, adapterFor)
    this.#loader = new PayloadLoader(options, cache, adapterFor)
    if (target.relay !== undefined) this.relay = payloadRelay(target.relay, this.#claimCheck, limits)
    if (target.competing !== undefined)
      this.competing = payloadCompeting(target.competing, this.#loader, options.load)
  }

  doPublish(commits: readonly Commit[]): Promise<readonly CommitOutcome[]> {
    return this.#claimCheck.commit(commits, (ready) => this.#target.doPublish(ready))
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
}
