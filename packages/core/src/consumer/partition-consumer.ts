import { EventStoreError } from '../error.ts'
import { CheckpointDocument, checkpointOwner, isTransient } from './checkpoint.ts'
import type { ConsumerOptions } from './consumer-options.ts'
import { abortableDelay, backoffMs } from './delay.ts'
import { GroupLeases } from './group-lease.ts'
import type { Lease, LeaseSource } from './lease.ts'
import { LeaseWatch } from './lease-watch.ts'
import { LinkedSignal } from '../linked-signal.ts'
import type { PartitionShare } from './partition-share.ts'
import { parsePosition, type Position } from '../position.ts'
import type { ConsumerBackend, Progress, RunContext, RunEnd } from './run.ts'
import { startPosition } from './start-position.ts'
import { TransactionRun } from './transaction-run.ts'
import { isEffectConflict, WindowRun } from './window-run.ts'

const MAX_SLICE_EVENTS = 1000
const MAX_WATCH_MS = 1000

export interface PartitionConsumerTerms {
  readonly backend: ConsumerBackend
  readonly options: ConsumerOptions
  readonly partition: number
  readonly owner: string
  /** Finish what is in hand and end. */
  readonly stopping: AbortSignal
  /** Nobody waits for handlers any more. */
  readonly abandoned: AbortSignal
  readonly progress: Progress
  readonly share: PartitionShare
}

/** Waits for one partition, handles it while it is owned, gives it back, and so on until stopped. */
export class PartitionConsumer {
  readonly #terms: PartitionConsumerTerms
  readonly #leases: LeaseSource
  #sliceEvents: number
  #owned = false

  constructor(terms: PartitionConsumerTerms) {
    const { backend, options } = terms
    this.#terms = terms
    // Most events write one document, and the checkpoint is one more.
    const documents = backend.documents?.capabilities.maxBatchDocuments ?? MAX_SLICE_EVENTS
    this.#sliceEvents = Math.min(options.maxInFlightEvents, MAX_SLICE_EVENTS, Math.max(1, documents - 1))
    this.#leases = leaseSource(terms)
  }

  get owned(): boolean {
    return this.#owned
  }

  /** @throws what neither passes by itself nor is covered by the policy. */
  async run(): Promise<void> {
    const { stopping, share, partition } = this.#terms
    while (!stopping.aborted) {
      const lease = await this.#acquire(() => share.claim(partition))
      if (lease !== undefined) await this.#own(lease, false)
      share.dropped(partition)
      await share.wait(partition, this.#watchMs(), stopping)
    }
  }

  /** Handles what there is, unless another consumer owns the partition. */
  async runOnce(): Promise<RunEnd | 'owned-elsewhere'> {
    const { stopping, share, partition } = this.#terms
    if (stopping.aborted) return 'ending'
    try {
      while (!share.isElsewhere(partition)) {
        const lease = await this.#acquire(() => share.claim(partition))
        if (lease !== undefined) return (await this.#own(lease, true)) ?? 'owned-elsewhere'
        // An owner that was killed says nothing any more: only time tells it from one that is at work.
        if (this.#leases.sawLife || stopping.aborted) break
        await share.wait(partition, this.#watchMs(), stopping)
      }
      return 'owned-elsewhere'
    } finally {
      share.dropped(partition)
    }
  }

  #watchMs(): number {
    return Math.min(this.#terms.options.leaseMs / 4, MAX_WATCH_MS)
  }

  async #acquire(claim: () => boolean): Promise<Lease | undefined> {
    const { options, stopping, partition } = this.#terms
    for (let attempt = 1; !stopping.aborted; attempt++) {
      try {
        return await this.#leases.tryAcquire(claim)
      } catch (error) {
        if (!isTransient(error)) throw error
        const retryInMs = Math.round(backoffMs(attempt, 20, 1000))
        options.notify({ kind: 'backend-error', partition, error, retryInMs })
        await abortableDelay(retryInMs, stopping)
      }
    }
    return undefined
  }

  async #own(lease: Lease, untilEnd: boolean): Promise<RunEnd | undefined> {
    const { options, partition } = this.#terms
    this.#owned = true
    options.notify({ kind: 'owned', partition, fencingToken: lease.epoch })
    try {
      const end = await this.#handle(lease, untilEnd)
      // On the way to the end: what was in hand may be in other hands as well.
      if (lease.signal.aborted) throw lease.signal.reason
      await this.#release(lease)
      return end
    } catch (error) {
      if (EventStoreError.is(error, 'LEASE_LOST')) {
        options.notify({ kind: 'lease-lost', partition, fencingToken: lease.epoch })
        lease.abandon()
        return undefined
      }
      await this.#release(lease)
      throw error
    } finally {
      this.#owned = false
    }
  }

  async #handle(lease: Lease, untilEnd: boolean): Promise<RunEnd> {
    const { backend, options, partition, stopping, abandoned, progress, share } = this.#terms
    const ending = new LinkedSignal([stopping, share.giveBack(partition)])
    const giveUp = new LinkedSignal([ending.signal, lease.signal])
    const handlers = new LinkedSignal([lease.signal, abandoned])
    const signals = { ending: ending.signal, giveUp: giveUp.signal, handlerSignal: handlers.signal }
    // Another member may have come to the end meanwhile, so that nothing is left from which this one would tell.
    const start = lease.position
    progress.reached(() => start)
    try {
      return await this.#runSlices({ ...backend, ...signals, options, partition, lease, untilEnd, progress })
    } finally {
      for (const linked of [ending, giveUp, handlers]) linked.unlink()
    }
  }

  async #runSlices(context: Omit<RunContext, 'sliceEvents'>): Promise<RunEnd> {
    const { effects } = context.options
    for (;;) {
      try {
        const run = effects === 'transaction' ? TransactionRun : WindowRun
        return await new run({ ...context, sliceEvents: this.#sliceEvents }).run()
      } catch (error) {
        const tooMany =
          EventStoreError.is(error, 'LIMIT_EXCEEDED') && effects === 'exactly-once' && this.#sliceEvents > 1
        // Nothing of the slice was written: handle it again, from the checkpoint.
        if (tooMany) this.#sliceEvents = Math.ceil(this.#sliceEvents / 2)
        else if (!isEffectConflict(error)) throw error
      }
    }
  }

  /** A release that fails costs a successor the wait for the lease to run out, and nothing else. */
  async #release(lease: Lease): Promise<void> {
    try {
      await lease.release()
    } catch (error) {
      const { options, partition } = this.#terms
      options.notify({ kind: 'backend-error', partition, error, retryInMs: 0 })
    }
  }
}

function leaseSource({ backend, options, partition, owner, share }: PartitionConsumerTerms): LeaseSource {
  const start = (): Promise<Position> => startPosition(backend, options, partition)
  const documents = checkpointOwner(backend)
  if (documents === undefined)
    return new GroupLeases({ backend, group: options.group, partition, share, start })
  const leaseTerms = {
    checkpoint: new CheckpointDocument(documents, options.group, partition),
    partition,
    owner,
    leaseMs: options.leaseMs,
    onPosition: (position: Position) => share.assignment(partition)?.mirror(parsePosition(position).sequence),
  }
  return new LeaseWatch(leaseTerms, start)
}
