import type { AdapterTransaction } from '../adapter.ts'
import { EventStoreError, notSupported } from '../error.ts'
import type { FeedSlice } from '../event-store.ts'
import type { RecordedEvent } from '../event.ts'
import { parsePosition, type Position } from '../position.ts'
import { WrappedDocumentStore } from '../wrapped-document-store.ts'
import { isTransient } from './checkpoint.ts'
import { abortableDelay, backoffMs, unlessAborted } from './delay.ts'
import { transactionDocuments } from './effect-buffer.ts'
import { contextFor, type Delivery, toDelivery } from './handler-call.ts'
import { LinkedSignal } from '../linked-signal.ts'
import type { CheckpointChange } from './lease.ts'
import { ParkedStreams } from './parked-streams.ts'
import { FeedSource, type RunContext, type RunEnd } from './run.ts'

/** How far `deliveries` were handled, and what the next one threw. */
interface Ran {
  readonly next: number
  readonly failed: { readonly error: unknown } | undefined
}

/** Why handling deliveries ended: at their end, by parking a stream, or early, to go on from the checkpoint. */
type HandledAll = 'done' | 'parked' | 'early'

/** What the checkpoint says when the deliveries before `next` are done. */
type ChangeAt = (next: number) => CheckpointChange

/** So that a slow slice is committed before its lease runs out: no heartbeat runs beside a transaction. */
const LEASE_SHARE = 4

/**
 * Handles a partition inside the backend's transactions: each holds the effects of a run of events and, as
 * its last write, the checkpoint. One event after the other, each within a savepoint, so that a failing
 * handler undoes only its own effects.
 */
export class TransactionRun {
  readonly #context: RunContext
  readonly #parked: ParkedStreams

  constructor(context: RunContext) {
    this.#context = context
    this.#parked = new ParkedStreams(context)
  }

  /** @throws the lost lease, or the failure that a policy does not cover. */
  async run(): Promise<RunEnd> {
    const { ending, untilEnd, sliceEvents, lease } = this.#context
    let feed = new FeedSource(this.#context)
    while (!ending.aborted) {
      if (!lease.holds()) throw lease.signal.reason
      await this.#replayRequested()
      const slice = await feed.next(sliceEvents)
      if (slice === 'at-end') {
        if (untilEnd) return 'caught-up'
        await this.#wait(feed)
      } else if (slice !== undefined && !(await this.#handleSlice(slice))) {
        // What the transaction really did is in the checkpoint: go on from there.
        feed = new FeedSource(this.#context)
      }
    }
    return 'ending'
  }

  /** Waits for more of the feed, or for an operator's request. */
  async #wait(feed: FeedSource): Promise<void> {
    const { giveUp, lease } = this.#context
    const requested = new AbortController()
    const linked = new LinkedSignal([giveUp, requested.signal])
    lease.onRequest = () => requested.abort()
    await feed.wait(linked.signal)
    lease.onRequest = () => undefined
    linked.unlink()
  }

  /** @returns `false` when it has to be read again from the checkpoint. */
  async #handleSlice(slice: FeedSlice): Promise<boolean> {
    const deliveries = this.#deliveries(slice.events).filter(({ event }) => !this.#parked.has(event.streamId))
    const changeAt = (next: number): CheckpointChange => {
      const position = next >= deliveries.length ? slice.next : deliveries[next - 1]?.event.position
      return { parked: this.#parked.list(), ...(position === undefined ? {} : { position }) }
    }
    if (deliveries.length > 0) return (await this.#handleAll(deliveries, changeAt)) === 'done'
    await this.#context.lease.commit(changeAt(0))
    this.#context.progress.reached(() => slice.next)
    return true
  }

  /** What operators asked for, as found when the checkpoint was last written. */
  async #replayRequested(): Promise<void> {
    const { lease, store } = this.#context
    for (const { streamId, streamPosition, request } of lease.parked) {
      const parked = this.#parked.get(streamId)
      if (request === undefined || parked === undefined) continue
      const events: RecordedEvent[] = []
      const bound = sequenceOf(lease.position)
      const from = Math.max(streamPosition, request.from)
      for await (const event of store.readFrom(streamId, { from })) {
        if (sequenceOf(event.position) > bound) break
        events.push(event)
      }
      const deliveries = this.#deliveries(events)
      const changeAt = (next: number): CheckpointChange => {
        const event = deliveries[next]?.event
        const others = this.#parked.list().filter((other) => other.streamId !== streamId)
        if (event === undefined) return { parked: others }
        return {
          parked: [
            ...others,
            { ...parked, streamPosition: event.streamPosition, firstPosition: event.position },
          ],
        }
      }
      const ended = deliveries.length === 0 ? 'done' : await this.#handleAll(deliveries, changeAt)
      // The request stands in the checkpoint, beside how far it got: this owner or the next one goes on.
      if (ended === 'early') return
      if (ended === 'done') this.#parked.delete(streamId)
      lease.finishRequest(request.id)
      await lease.commit({ parked: this.#parked.list() })
    }
  }

  #deliveries(events: readonly RecordedEvent[]): readonly Delivery[] {
    return events
      .map((event) => toDelivery(event, this.#context))
      .filter((delivery) => delivery !== undefined)
  }

  /** Several transactions where one would hold too long, or where a try failed. */
  async #handleAll(deliveries: readonly Delivery[], changeAt: ChangeAt): Promise<HandledAll> {
    const { options, partition, ending, lease, progress, giveUp } = this.#context
    let next = 0
    let attempt = 1
    while (next < deliveries.length) {
      if (ending.aborted) return 'early'
      const ran = await this.#throughOutage(() => this.#runTransaction(deliveries, next, attempt, changeAt))
      this.#parked.reload()
      if (ran === undefined) return 'early'
      progress.handled(ran.next - next)
      progress.reached(() => lease.position)
      if (ran.next > next) attempt = 1
      next = ran.next
      const event = deliveries[next]?.event
      if (ran.failed === undefined || event === undefined) continue
      if (attempt >= options.attempts) {
        this.#parked.decide(event, attempt, ran.failed.error)
        // Skipped or parked: passed over, in the same write that says so. Later ones are sorted anew.
        const parks = options.onFailure === 'park'
        await lease.commit({ ...changeAt(next + 1), ...(parks ? { parked: this.#parked.list() } : {}) })
        this.#parked.reload()
        return parks ? 'parked' : 'early'
      }
      options.notify({ kind: 'retry', partition, event, attempt, error: ran.failed.error })
      await abortableDelay(backoffMs(attempt, options.initialDelayMs, options.maxDelayMs), giveUp)
      attempt++
    }
    return 'done'
  }

  /** @returns `undefined` after an outage: what really happened is in the checkpoint, which is read again. */
  async #throughOutage<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    const { options, partition, lease, giveUp, handlerSignal } = this.#context
    try {
      return await work()
    } catch (error) {
      if (!lease.holds()) throw lease.signal.reason
      if (handlerSignal.aborted) return undefined
      if (!isTransient(error) && !EventStoreError.is(error, 'REVISION_CONFLICT')) throw error
      const retryInMs = Math.round(backoffMs(1, 50, 50))
      options.notify({ kind: 'backend-error', partition, error, retryInMs })
      await abortableDelay(retryInMs, giveUp)
      // Also fences a transaction whose reply was lost and that is still on its way.
      await lease.commit({})
      return undefined
    }
  }

  #runTransaction(
    deliveries: readonly Delivery[],
    first: number,
    attempt: number,
    changeAt: ChangeAt,
  ): Promise<Ran> {
    const { adapter, lease } = this.#context
    const { doTransaction } = adapter
    if (doTransaction === undefined)
      throw notSupported(`${adapter.name} has no transaction over store and documents`)
    return lease.commitWithin((write) =>
      doTransaction(async (transaction: AdapterTransaction) => {
        const documents = new WrappedDocumentStore(adapter, transaction.documents)
        const ran = await this.#callAll(transaction, documents, deliveries, first, attempt)
        await write(documents, changeAt(ran.next))
        return ran
      }),
    )
  }

  async #callAll(
    transaction: AdapterTransaction,
    documents: WrappedDocumentStore,
    deliveries: readonly Delivery[],
    first: number,
    attempt: number,
  ): Promise<Ran> {
    const { lease, partition, options, handlerSignal } = this.#context
    const deadline = performance.now() + options.leaseMs / LEASE_SHARE
    let next = first
    for (const { delivered, handlers } of deliveries.slice(first)) {
      if (next > first && performance.now() >= deadline) break
      if (!lease.holds()) throw lease.signal.reason
      const own = transactionDocuments(documents, partition)
      const context = contextFor(this.#context, next === first ? attempt : 1, own.handler, transaction.native)
      try {
        await transaction.nested(async () => {
          // The transaction cannot stay open for a handler that hangs: it is rolled back without it.
          for (const handler of handlers) await unlessAborted(handlerSignal, handler(delivered, context))
          await own.flush()
        })
      } catch (error) {
        if (lease.signal.aborted) throw lease.signal.reason
        if (handlerSignal.aborted) throw error
        return { next, failed: { error } }
      }
      next++
    }
    return { next, failed: undefined }
  }
}

function sequenceOf(position: Position): number {
  return parsePosition(position).sequence
}
