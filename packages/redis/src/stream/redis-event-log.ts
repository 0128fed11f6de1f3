import { EventStoreError } from '@eventspine/core'
import type {
  Commit,
  CommitOutcome,
  CompetingAdapter,
  EventLogAdapter,
  FeedHead,
  FeedPage,
  FeedPageRequest,
  RelayTargetAdapter,
} from '@eventspine/core'
import type { Connection } from '../connection.ts'
import type { FeedWaits } from '../wait-for-feed.ts'
import type { ResendGuard } from '../resend-guard.ts'
import { packEvent, type RawEntry, unpackEntry } from './log-entry.ts'
import type { LogKeys } from './log-keys.ts'
import { publishScript } from './log-scripts.ts'

/** How long answers are kept for calls that may come twice: longer than any client tries. */
const KEEP_ANSWERS_MS = 24 * 60 * 60 * 1000

export interface RedisEventLogParts {
  readonly connection: Connection
  readonly keys: readonly LogKeys[]
  /** `undefined`: the client sends nothing twice. */
  readonly guard: ResendGuard | undefined
  readonly waits: FeedWaits
  readonly relay: RelayTargetAdapter
  readonly competing: CompetingAdapter
  /** Told how many events were published to a partition. */
  readonly published: (partition: number, events: number) => void
}

/** What one partition gets of a batch: the entries, and which append of which commit each belongs to. */
interface PartitionBatch {
  readonly entries: string[]
  readonly appends: { readonly commit: number; readonly append: number; readonly last: number }[]
}

/** A Redis Stream a partition: sequences are the ids of its entries, without gaps. */
export class RedisEventLog implements EventLogAdapter {
  readonly relay: RelayTargetAdapter
  readonly competing: CompetingAdapter
  readonly #parts: RedisEventLogParts

  constructor(parts: RedisEventLogParts) {
    this.#parts = parts
    this.relay = parts.relay
    this.competing = parts.competing
  }

  async doPublish(commits: readonly Commit[]): Promise<readonly CommitOutcome[]> {
    const batches = byPartition(commits)
    const streams = commits.map(({ appends }) => appends.map(() => ({ version: 0, sequence: 0 })))
    const failures = new Map<number, { readonly errors: EventStoreError[] }>()
    await Promise.all(
      Array.from(batches, async ([partition, { entries, appends }]) => {
        const touched = new Set(appends.map(({ commit }) => commit))
        try {
          const first = await this.#publish(partition, entries)
          for (const { commit, append, last } of appends) {
            const sequence = first + last
            const outcomes = streams[commit]
            if (outcomes !== undefined) outcomes[append] = { version: sequence, sequence }
          }
          this.#parts.published(partition, entries.length)
        } catch (error) {
          if (!EventStoreError.is(error)) throw error
          for (const commit of touched) {
            const failed = failures.get(commit) ?? { errors: [] as EventStoreError[] }
            failed.errors.push(error)
            failures.set(commit, failed)
          }
        }
      }),
    )
    return commits.map(({ appends }, index): CommitOutcome => {
      const errors = failures.get(index)?.errors
      const [error] = errors ?? []
      if (errors === undefined || error === undefined)
        return { ok: true, streams: streams[index] ?? [], revisions: [] }
      const partitions = new Set(appends.map(({ partition }) => partition)).size
      const nothing = errors.length === partitions && errors.every(({ outcome }) => outcome === 'not-applied')
      return { ok: false, error: nothing ? error : inPart(error, partitions) }
    })
  }

  async doReadFeed({ partition, after, limit }: FeedPageRequest): Promise<FeedPage> {
    const keys = this.#keys(partition)
    // The entry resumed from comes along, so that it is read together with what follows it.
    const count = after === 0 ? limit : limit + 1
    const reply = await this.#parts.connection.read('xrange', keys.log, `${after}-0`, '+', 'COUNT', count)
    const entries = (reply as readonly RawEntry[]).map((entry) => unpackEntry(entry, partition))
    const anchor = entries[0]?.sequence === after ? entries.shift() : undefined
    const [first] = entries
    const last = entries.at(-1)
    // What is gone is gone from the start on: nothing stands below the first that is found.
    const firstKept = anchor?.sequence ?? first?.sequence ?? (await this.#trimmed(keys)).sequence + 1
    return {
      events: entries,
      anchorId: anchor?.id,
      firstKept,
      next: last?.sequence ?? after,
      nextId: last?.id ?? anchor?.id,
      atEnd: entries.length < limit,
    }
  }

  async doFeedHead(partition: number): Promise<FeedHead> {
    const keys = this.#keys(partition)
    const reply = await this.#parts.connection.read('xrevrange', keys.log, '+', '-', 'COUNT', 1)
    const [entry] = reply as readonly RawEntry[]
    if (entry === undefined) return this.#trimmed(keys)
    const { sequence, id } = unpackEntry(entry, partition)
    return { sequence, id }
  }

  doWaitForFeed(partition: number, after: number, signal: AbortSignal): Promise<void> {
    return this.#parts.waits.wait(partition, after, signal)
  }

  /** The last that was trimmed; sequence 0 when nothing was. */
  async #trimmed({ trimmed }: LogKeys): Promise<FeedHead> {
    const text = await this.#parts.connection.read('get', trimmed)
    const [sequence, id] = typeof text === 'string' ? text.split(' ') : ['0']
    return { sequence: Number(sequence), id }
  }

  /** @returns the sequence of the first entry. */
  async #publish(partition: number, entries: readonly string[]): Promise<number> {
    const { connection, guard } = this.#parts
    const { log, head, documents } = this.#keys(partition)
    const guarded = guard?.take(partition)
    try {
      const keys = [log, head, documents.answers(guard?.client ?? '')]
      const args = [guarded?.slot ?? '', guarded?.number ?? 0, KEEP_ANSWERS_MS, ...entries]
      const answer = await connection.writeScript(publishScript, keys, args)
      if (answer === 'old') throw answerGone()
      return Number(answer)
    } finally {
      if (guarded !== undefined) guard?.release(partition, guarded)
    }
  }

  #keys(partition: number): LogKeys {
    const keys = this.#parts.keys[partition]
    if (keys === undefined) throw new RangeError(`there is no partition ${partition}`)
    return keys
  }
}

function byPartition(commits: readonly Commit[]): ReadonlyMap<number, PartitionBatch> {
  const batches = new Map<number, PartitionBatch>()
  commits.forEach(({ appends }, commit) =>
    appends.forEach(({ streamId, partition, events }, append) => {
      let batch = batches.get(partition)
      if (batch === undefined) {
        batch = { entries: [], appends: [] }
        batches.set(partition, batch)
      }
      for (const event of events) batch.entries.push(packEvent(event, streamId))
      batch.appends.push({ commit, append, last: batch.entries.length - 1 })
    }),
  )
  return batches
}

/** Nothing can fence a first attempt that is still on its way, so the caller must know (law S3). */
function inPart(cause: EventStoreError, partitions: number): EventStoreError {
  const { code, retryable, outcome, message } = cause
  const unknown = outcome === 'unknown'
  const what =
    partitions === 1 ? message : `${message}, for some of the partitions that the call's events go to`
  return new EventStoreError(
    unknown ? code : 'OUTCOME_UNKNOWN',
    `${what}; publishing again may double events`,
    {
      outcome: 'unknown',
      retryable,
      cause,
    },
  )
}

function answerGone(): EventStoreError<'OUTCOME_UNKNOWN'> {
  return new EventStoreError(
    'OUTCOME_UNKNOWN',
    'redis: the client sent a write again, and the answer to the first time is gone',
    { outcome: 'unknown', retryable: true },
  )
}
