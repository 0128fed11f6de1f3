import type { CancellationReason } from '@aws-sdk/client-dynamodb'
import {
  type Commit,
  type CommitOutcome,
  EventStoreError,
  RevisionConflictError,
  type StreamAppend,
} from '@eventspine/core'
import { AppendBatch, type PendingCommit } from './append-batch.ts'
import { AppendPlan } from './append-plan.ts'
import { cancelledForGood, isContention, refusedBy } from './cancellation.ts'
import { expectsNothing, fits, partitionSealed, versionRefused } from './expectation.ts'
import type { FeedTail } from './feed-tail.ts'
import type { Keys } from './keys.ts'
import { busy, Patience, undecided } from './patience.ts'
import { decodeSlot } from './slot-item.ts'
import type { Head, StreamHeads } from './stream-heads.ts'
import type { Table } from './table.ts'

export interface WriterOptions {
  readonly table: Table
  readonly keys: Keys
  readonly heads: StreamHeads
  readonly tail: FeedTail
}

const NOTHING: Head = { version: 0, deleted: false }

/** Writes the commits of one partition, as many as go into a transaction together with the slot that names them. */
export class PartitionWriter {
  readonly #options: WriterOptions

  constructor(options: WriterOptions) {
    this.#options = options
  }

  /** @param onWritten - is told the last sequence that a transaction has reached. */
  async append(
    commits: readonly Commit[],
    lockTimeoutMs: number,
    onWritten: (sequence: number) => void,
  ): Promise<readonly CommitOutcome[]> {
    const call = new AppendCall(this.#options, commits, lockTimeoutMs, onWritten)
    return call.run()
  }
}

/** One call: a loop of planning, sending, and learning from what was refused. */
class AppendCall {
  readonly #table: Table
  readonly #keys: Keys
  readonly #heads: StreamHeads
  readonly #tail: FeedTail
  readonly #batch: AppendBatch
  readonly #patience: Patience
  readonly #onWritten: (sequence: number) => void
  /** Streams whose remembered end was read, or written, since the call began: by it a commit may be refused. */
  readonly #fresh = new Set<string>()
  #underWay: AppendPlan | undefined

  constructor(
    { table, keys, heads, tail }: WriterOptions,
    commits: readonly Commit[],
    lockTimeoutMs: number,
    onWritten: (sequence: number) => void,
  ) {
    this.#table = table
    this.#keys = keys
    this.#heads = heads
    this.#tail = tail
    this.#batch = new AppendBatch(commits)
    this.#patience = new Patience(lockTimeoutMs)
    this.#onWritten = onWritten
  }

  async run(): Promise<readonly CommitOutcome[]> {
    try {
      for (let attempt = 0; this.#batch.pending.length > 0; attempt++) {
        if (attempt > 0 && this.#patience.isOver) this.#batch.refuseRest(busy())
        else await this.#attempt()
      }
    } catch (error) {
      this.#failed(error)
    }
    return this.#batch.outcomes
  }

  async #attempt(): Promise<void> {
    await this.#learn()
    const plan = await this.#plan()
    this.#batch.sweep()
    if (plan.commits.length === 0) return
    this.#underWay = plan
    await this.#send(plan)
    this.#underWay = undefined
    this.#batch.sweep()
  }

  /**
   * Sends a plan, and again the same one as long as an attempt of the client may still arrive: another plan for its commits
   * could be written beside it.
   */
  async #send(plan: AppendPlan): Promise<void> {
    for (let inDoubt = false; ;) {
      const startMs = performance.now()
      const outcome = await this.#table.transact(plan.actions, plan.token)
      if (outcome.ok) return this.#written(plan, performance.now() - startMs)
      const { reasons } = outcome
      inDoubt ||= outcome.inDoubt
      if (!inDoubt || isDecided(plan, reasons)) return await this.#cancelled(plan, reasons)
      // A document that refused it may be gone when the late attempt arrives.
      if (reasons.some(refusedBy) || !reasons.some(isContention)) throw undecided()
      if (!(await this.#patience.wait())) throw undecided()
    }
  }

  /** Reads the ends of streams that must be known, and of those by which a commit would be refused. */
  async #learn(): Promise<void> {
    const wanted = new Set<string>()
    const planned = new Map<string, Head>()
    for (const { commit } of this.#batch.pending) {
      for (const append of commit.appends) {
        const { streamId, expectedVersion, events } = append
        if (wanted.has(streamId)) continue
        const head = planned.get(streamId) ?? this.#headFor(append)
        if (head === undefined) wanted.add(streamId)
        else if (fits(expectedVersion, head))
          planned.set(streamId, { version: head.version + events.length, deleted: false })
        else if (!planned.has(streamId) && !this.#fresh.has(streamId)) wanted.add(streamId)
      }
    }
    await Promise.all(
      Array.from(wanted, async (streamId) => {
        await this.#heads.load(streamId)
        this.#fresh.add(streamId)
      }),
    )
  }

  #headFor(append: StreamAppend): Head | undefined {
    return this.#heads.known(append.streamId) ?? (expectsNothing(append) ? NOTHING : undefined)
  }

  async #plan(): Promise<AppendPlan> {
    const { partition } = this.#tail
    const tail = await this.#tail.turn(() => this.#patience.isOver)
    const plan = new AppendPlan({
      table: this.#table.name,
      keys: this.#keys,
      partition,
      tail,
      token: this.#tail.token(),
      nowMs: Date.now(),
    })
    // Commits of a stream keep their order: behind one that waits, the others do.
    const waiting = new Set<string>()
    for (const pending of this.#batch.pending) {
      const { appends } = pending.commit
      const verdict = appends.some(({ streamId }) => waiting.has(streamId))
        ? 'wait'
        : this.#judge(pending, plan)
      if (verdict === 'wait') for (const { streamId } of appends) waiting.add(streamId)
      else if (verdict instanceof EventStoreError)
        this.#batch.settle(pending.index, { ok: false, error: verdict })
      else if (plan.hasRoomFor(pending)) plan.add(pending, verdict)
      else break
    }
    return plan
  }

  /** The ends that the commit's streams have then, its refusal, or that it depends on something not decided yet. */
  #judge({ commit }: PendingCommit, plan: AppendPlan): readonly Head[] | EventStoreError | 'wait' {
    const heads: Head[] = []
    for (const append of commit.appends) {
      const { streamId, expectedVersion } = append
      const planned = plan.heads.get(streamId)
      const head = planned ?? this.#headFor(append)
      if (head === undefined) return 'wait'
      if (!fits(expectedVersion, head)) {
        return planned === undefined && this.#fresh.has(streamId) ? versionRefused(append, head) : 'wait'
      }
      heads.push(head)
    }
    return heads
  }

  #written(plan: AppendPlan, durationMs: number): void {
    this.#tail.wrote(plan.last, durationMs)
    for (const [streamId, head] of plan.heads) {
      this.#heads.remember(streamId, head)
      this.#fresh.add(streamId)
    }
    for (const { pending, outcome } of plan.commits) this.#batch.settle(pending.index, outcome)
    this.#onWritten(plan.last)
  }

  async #cancelled(plan: AppendPlan, reasons: readonly CancellationReason[]): Promise<void> {
    const [slotReason] = reasons
    if (slotReason !== undefined && refusedBy(slotReason)) {
      this.#overtaken(plan, slotReason)
      return
    }
    const refused = reasons.flatMap((reason, index) => (refusedBy(reason) ? [index] : []))
    if (refused.length > 0) await this.#refused(plan, refused, reasons)
    else if (!reasons.some(isContention)) throw cancelledForGood(reasons)
    else if (!(await this.#patience.wait())) this.#batch.refuseRest(busy())
  }

  /** Something stands where the slot should have come. */
  #overtaken(plan: AppendPlan, { Item }: CancellationReason): void {
    const slot = Item === undefined ? undefined : decodeSlot(Item)
    // The reply was lost, and the client's repeat came too late for the service to know the transaction again.
    if (slot?.token === plan.token) this.#written(plan, 0)
    else if (slot?.sealed === true) this.#batch.refuseRest(partitionSealed(this.#tail.partition))
    else if (slot !== undefined) this.#tail.passed(slot)
    else this.#tail.forget()
  }

  /** The slot was free, so the verdicts on the others count. */
  async #refused(
    plan: AppendPlan,
    refused: readonly number[],
    reasons: readonly CancellationReason[],
  ): Promise<void> {
    const streams = new Map<string, CancellationReason>()
    const conflicting = new Set<PendingCommit>()
    for (const index of refused) {
      const owner = plan.owner(index)
      const reason = reasons[index]
      if (owner?.streamId === undefined || reason === undefined) continue
      streams.set(owner.streamId, reason)
      conflicting.add(owner.pending)
    }
    await Promise.all(Array.from(streams.keys(), (streamId) => this.#heads.load(streamId)))
    for (const streamId of streams.keys()) this.#fresh.add(streamId)
    for (const index of refused) {
      const owner = plan.owner(index)
      if (owner?.document === undefined || conflicting.has(owner.pending)) continue
      const { pending, document } = owner
      const { collection = '', key = '' } = pending.commit.documents[document] ?? {}
      conflicting.add(pending)
      this.#batch.settle(pending.index, { ok: false, error: new RevisionConflictError(collection, key) })
    }
  }

  /** Those that were under way share its fate; what was not sent was not written. */
  #failed(thrown: unknown): void {
    const plan = this.#underWay
    const error = EventStoreError.is(thrown) ? thrown : undefined
    const all = plan === undefined || plan.commits.length === this.#batch.pending.length
    if (error === undefined || (all && !this.#batch.hasOutcomes)) throw thrown
    for (const { pending } of plan?.commits ?? []) this.#batch.settle(pending.index, { ok: false, error })
    this.#batch.sweep()
    this.#batch.refuseRest(plan === undefined ? error : unsent(error))
  }
}

/** Its place in the feed or in a stream is taken, which no item ever gives back: it is not written later either. */
function isDecided(plan: AppendPlan, reasons: readonly CancellationReason[]): boolean {
  return reasons.some(
    (reason, index) => refusedBy(reason) && (index === 0 || plan.owner(index)?.streamId !== undefined),
  )
}

function unsent(cause: EventStoreError): EventStoreError {
  return new EventStoreError(
    cause.outcome === 'unknown' ? 'BACKEND_UNAVAILABLE' : cause.code,
    'dynamodb: the transaction before failed, and this one was not sent',
    {
      retryable: true,
      cause,
    },
  )
}
