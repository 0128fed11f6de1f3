import { type CommitOutcome, EventStoreError, type ImportedEvent } from '@eventspine/core'
import { classifyError, undecided } from './classify-error.ts'
import { partitionSealed } from './committer.ts'
import type { Partition } from './partition.ts'
import { ImportPlan, type Run, type StreamState } from './import-plan.ts'
import { commitOf } from './stored-commit.ts'
import type { StreamReader } from './stream-reader.ts'
import { tipOf, type StreamTip, type StreamTips } from './stream-tips.ts'

/** How often others may be ahead of an import, which is meant for streams that nobody else writes to. */
const MAX_ATTEMPTS = 20

export interface ImporterOptions {
  readonly tips: StreamTips
  readonly reader: StreamReader
  readonly finishDeletion: (streamId: string, partition: number, tip: StreamTip) => Promise<void>
}

/**
 * Stores recorded events: all in one operation on the feed, in their order; what breaks off behind it, readers complete.
 */
export class Importer {
  readonly #options: ImporterOptions

  constructor(options: ImporterOptions) {
    this.#options = options
  }

  async import(partition: Partition, events: readonly ImportedEvent[]): Promise<CommitOutcome> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const plan = new ImportPlan(await this.#states(partition.number, events))
      for (const event of events) {
        const error = plan.add(event)
        if (error !== undefined) return { ok: false, error }
      }
      const sequences = await this.#write(partition, plan.runs)
      if (sequences === undefined) return { ok: false, error: partitionSealed(partition.number) }
      if (sequences === 'lost') continue
      const { version = 0 } = events.at(-1) ?? {}
      return { ok: true, streams: [{ version, sequence: plan.sequenceOfLast(sequences) }], revisions: [] }
    }
    const error = new EventStoreError('BUSY', 'couchbase: others write to the streams that are imported', {
      retryable: true,
    })
    return { ok: false, error }
  }

  /** Appends runs and decides them. Returns the sequence of the last event of each; `lost`: some do not count. */
  async #write(partition: Partition, runs: readonly Run[]): Promise<readonly number[] | 'lost' | undefined> {
    if (runs.length === 0) return []
    const { tips } = this.#options
    const size = runs.reduce((sum, run) => sum + run.size, 0)
    const entries = runs.map(({ entry }) => entry)
    const base = await partition.writer.append({ entries, size })
    if (base === undefined) return undefined
    let at = base
    const ends = entries.map(({ events }) => (at += events.length))
    const streams = new Set(entries.map(({ stream }) => stream))
    try {
      const decided = await Promise.all(
        Array.from(streams, async (stream) => {
          for (const [index, entry] of entries.entries()) {
            if (entry.stream !== stream) continue
            const end = ends[index] ?? 0
            // One that is chained to one that does not count does not either.
            if ((await partition.decisions.help(entry, end)) === 'void') return false
            tips.learn(entry.stream, tipOf(commitOf(entry, end)))
          }
          return true
        }),
      )
      partition.committed(at)
      return decided.includes(false) ? 'lost' : ends
    } catch (error) {
      throw undecided(classifyError(error, true))
    }
  }

  /** The streams of an import as they are now, with what stands where its events would. */
  async #states(
    partition: number,
    events: readonly ImportedEvent[],
  ): Promise<ReadonlyMap<string, StreamState>> {
    const versions = new Map<string, number[]>()
    for (const { streamId, version } of events) {
      const of = versions.get(streamId)
      if (of === undefined) versions.set(streamId, [version])
      else of.push(version)
    }
    const states = Array.from(versions, async ([streamId, of]): Promise<[string, StreamState]> => {
      const tip = await this.#options.tips.current(streamId)
      if (tip.deleted) await this.#options.finishDeletion(streamId, partition, tip)
      const there = of.filter((version) => version >= tip.origin && version <= tip.version)
      return [streamId, { tip, standing: await this.#standing(streamId, there) }]
    })
    return new Map(await Promise.all(states))
  }

  /** Ids and sequences from the lowest to the highest of these versions, which are there. */
  async #standing(streamId: string, versions: readonly number[]): Promise<StreamState['standing']> {
    const standing = new Map<number, { id: string; sequence: number }>()
    if (versions.length === 0) return standing
    const to = versions.reduce((most, version) => Math.max(most, version), 0)
    const from = versions.reduce((least, version) => Math.min(least, version), to)
    const { reader } = this.#options
    for await (const commits of reader.commits(
      streamId,
      await reader.numberOf(streamId, from, undefined),
      1,
    )) {
      for (const { version, last, at, events } of commits) {
        for (const [index, [id]] of events.entries())
          standing.set(version + index, { id, sequence: at - (last - version - index) })
        if (last >= to) return standing
      }
    }
    return standing
  }
}
