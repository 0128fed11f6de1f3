import { setTimeout } from 'node:timers/promises'
import { type Commit, type CommitOutcome, EventStoreError, type StreamAppend } from '@eventspine/core'
import { classifyError, undecided } from './classify-error.ts'
import type { Partition } from './partition.ts'
import { planAppend, type StreamPlan } from './plan-append.ts'
import { commitOf, type FeedEntry, sizeOf } from './stored-commit.ts'
import { NO_STREAM, tipOf, type StreamTip, type StreamTips } from './stream-tips.ts'

/** One operation on the feed takes so much, apart from its last entry: others wait for it. */
const GROUP_SIZE = 1024 * 1024

export interface CommitterOptions {
  readonly tips: StreamTips
  readonly partitions: readonly Partition[]
  /** Finishes the deletion of a stream, before it is opened again. */
  readonly finishDeletion: (streamId: string, partition: number, tip: StreamTip) => Promise<void>
}

/** A plan with the entry that it wants in the feed. */
interface Candidate {
  readonly plan: StreamPlan
  readonly entry: FeedEntry
  readonly size: number
}

/**
 * Appends commits: first to the feed, all that fit in one operation, then each under its number in its stream, which
 * decides. What finds its number taken counts nowhere and is tried again.
 */
export class Committer {
  readonly #options: CommitterOptions

  constructor(options: CommitterOptions) {
    this.#options = options
  }

  /** A batch of one partition. Commits of one stream go into the feed and into the stream as one. */
  async commitAll(commits: readonly Commit[], lockTimeoutMs: number): Promise<readonly CommitOutcome[]> {
    const batch = new Batch(commits)
    const deadlineMs = performance.now() + lockTimeoutMs
    for (let round = 1; batch.hasPending; round++) {
      let lost: readonly StreamPlan[] = []
      try {
        lost = await this.#round(batch)
      } catch (error) {
        batch.failRest(classifyError(error, false))
      }
      if (lost.length === 0) continue
      if (performance.now() > deadlineMs) for (const plan of lost) batch.fail(plan, busy(lockTimeoutMs))
      // Writers that lost together would meet again.
      else await setTimeout(Math.random() * Math.min(50, 2 ** round))
    }
    return batch.outcomes()
  }

  /** Returns the plans that others were ahead of. */
  async #round(batch: Batch): Promise<readonly StreamPlan[]> {
    const plans = await Promise.all(batch.pendingStreams().map((indexes) => this.#plan(batch, indexes)))
    const candidates: Candidate[] = []
    for (const plan of plans) {
      if (plan.accepted.length === 0) batch.refuse(plan)
      else candidates.push(candidateOf(plan))
    }
    const lost: StreamPlan[] = []
    for (const group of groupsOf(candidates)) lost.push(...(await this.#append(batch, group)))
    return lost
  }

  /** A refusal by what was seen some time ago is none. */
  async #plan(batch: Batch, indexes: readonly number[]): Promise<StreamPlan> {
    const { tips, finishDeletion } = this.#options
    const appends = batch.appendsOf(indexes)
    const { streamId = '', partition = 0 } = appends[0]?.append ?? {}
    const known = tips.known(streamId) ?? (isNew(appends[0]?.append) ? NO_STREAM : undefined)
    let plan = planAppend(appends, known ?? (await tips.current(streamId)))
    if (known !== undefined && plan.accepted.length === 0)
      plan = planAppend(appends, await tips.current(streamId))
    if (plan.tip.deleted && plan.accepted.length > 0) await finishDeletion(streamId, partition, plan.tip)
    return plan
  }

  async #append(batch: Batch, group: readonly Candidate[]): Promise<readonly StreamPlan[]> {
    const partition = this.#options.partitions[group[0]?.plan.partition ?? 0]
    if (partition === undefined) throw new RangeError('there is no such partition')
    let base: number | undefined
    try {
      base = await partition.writer.append({
        entries: group.map(({ entry }) => entry),
        size: group.reduce((sum, { size }) => sum + size, 0),
      })
    } catch (error) {
      for (const { plan } of group) batch.fail(plan, classifyError(error, true))
      return []
    }
    if (base === undefined) {
      for (const { plan } of group) batch.fail(plan, partitionSealed(plan.partition))
      return []
    }
    let at = base
    const ends = group.map(({ entry }) => (at += entry.events.length))
    const decided = await Promise.all(
      group.map((candidate, index) => this.#decide(batch, candidate, ends[index] ?? 0, partition)),
    )
    partition.committed(at)
    return group.flatMap(({ plan }, index) => (decided[index] === true ? [] : [plan]))
  }

  /** `false`: another commit has the number. */
  async #decide(
    batch: Batch,
    { plan, entry }: Candidate,
    at: number,
    { decisions }: Partition,
  ): Promise<boolean> {
    const { tips } = this.#options
    const { stream, number } = entry
    try {
      const [decision] = await Promise.all([
        decisions.help(entry, at),
        // A hint, without which others look longer.
        tips.noteEnd(stream, number - 1).catch(() => undefined),
      ])
      decisions.note(at, decision)
      if (decision === 'counts') {
        tips.learn(stream, tipOf(commitOf(entry, at)))
        batch.accept(plan, at)
      } else {
        await tips.current(stream)
      }
      return decision === 'counts'
    } catch (error) {
      batch.fail(plan, undecided(classifyError(error, true)))
      return true
    }
  }
}

/** Commits of one call and what became of them. */
class Batch {
  readonly #commits: readonly Commit[]
  readonly #outcomes: (CommitOutcome | undefined)[]

  constructor(commits: readonly Commit[]) {
    this.#commits = commits
    this.#outcomes = commits.map(() => undefined)
  }

  get hasPending(): boolean {
    return this.#outcomes.includes(undefined)
  }

  /** For each stream the commits that wait, in their order. */
  pendingStreams(): readonly (readonly number[])[] {
    const streams = new Map<string, number[]>()
    for (const [index, { appends }] of this.#commits.entries()) {
      if (this.#outcomes[index] !== undefined) continue
      const streamId = appends[0]?.streamId ?? ''
      const indexes = streams.get(streamId)
      if (indexes === undefined) streams.set(streamId, [index])
      else indexes.push(index)
    }
    return [...streams.values()]
  }

  appendsOf(indexes: readonly number[]) {
    return indexes.flatMap((index) =>
      (this.#commits[index]?.appends ?? []).map((append) => ({ index, append })),
    )
  }

  /** @param at - the sequence of the plan's last event. */
  accept(plan: StreamPlan, at: number): void {
    this.refuse(plan)
    const { version: last } = plan
    for (const { index, version } of plan.accepted) {
      const stream = { version, sequence: at - (last - version) }
      this.#outcomes[index] = { ok: true, streams: [stream], revisions: [] }
    }
  }

  /** Judged by a version that the stream had, between those that were accepted. */
  refuse({ refused }: StreamPlan): void {
    for (const { index, error } of refused) this.#outcomes[index] = { ok: false, error }
  }

  fail({ accepted }: StreamPlan, error: EventStoreError): void {
    for (const { index } of accepted) this.#outcomes[index] = { ok: false, error }
  }

  failRest(error: EventStoreError): void {
    for (const [index, outcome] of this.#outcomes.entries())
      this.#outcomes[index] = outcome ?? { ok: false, error }
  }

  outcomes(): readonly CommitOutcome[] {
    return this.#outcomes.filter((outcome) => outcome !== undefined)
  }
}

/** Its writer takes the stream for new: that is found out by trying. */
function isNew(append: StreamAppend | undefined): boolean {
  return append?.expectedVersion === 'none' || append?.expectedVersion === 0
}

function candidateOf(plan: StreamPlan): Candidate {
  const { tip, streamId, events, encoded } = plan
  const entry: FeedEntry = {
    stream: streamId,
    number: tip.number + 1,
    version: tip.version + 1,
    time: Date.now(),
    ...(tip.origin > 1 ? { origin: tip.origin } : {}),
    events,
  }
  return { plan, entry, size: sizeOf(encoded) }
}

function groupsOf(candidates: readonly Candidate[]): readonly (readonly Candidate[])[] {
  const groups: Candidate[][] = []
  let size = Infinity
  for (const candidate of candidates) {
    if (size > GROUP_SIZE) {
      groups.push([])
      size = 0
    }
    groups.at(-1)?.push(candidate)
    size += candidate.size
  }
  return groups
}

export function partitionSealed(partition: number): EventStoreError<'PARTITION_SEALED'> {
  return new EventStoreError('PARTITION_SEALED', `partition ${partition} is sealed: it accepts no appends`)
}

function busy(lockTimeoutMs: number): EventStoreError<'BUSY'> {
  return new EventStoreError(
    'BUSY',
    `couchbase: other writers of the same stream were ahead for ${lockTimeoutMs} ms`,
    { retryable: true },
  )
}
