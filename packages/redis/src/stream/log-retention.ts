import type { LogTrimmer, TrimOptions } from './trim-log.ts'

/** Publishes between two trims of a partition: each costs about as much as one publish. */
const MOST_EVENTS = 1000
const LONGEST_MS = 10_000

export interface LogRetentionParts {
  readonly trimmer: LogTrimmer
  readonly keep: TrimOptions
  readonly onError: (error: unknown) => void
}

interface PartitionCount {
  events: number
  trimmedAtMs: number
  running: Promise<void> | undefined
}

/** Trims partitions beside the publishing to them. */
export class LogRetention {
  readonly #parts: LogRetentionParts
  readonly #everyEvents: number
  readonly #partitions = new Map<number, PartitionCount>()

  constructor(parts: LogRetentionParts) {
    this.#parts = parts
    const { maxEvents = Infinity } = parts.keep
    this.#everyEvents = Math.min(MOST_EVENTS, Math.max(1, Math.ceil(maxEvents / 10)))
  }

  published(partition: number, events: number): void {
    const nowMs = performance.now()
    let count = this.#partitions.get(partition)
    if (count === undefined) {
      count = { events: 0, trimmedAtMs: -Infinity, running: undefined }
      this.#partitions.set(partition, count)
    }
    count.events += events
    const due = count.events >= this.#everyEvents || nowMs - count.trimmedAtMs >= LONGEST_MS
    if (!due || count.running !== undefined) return
    count.events = 0
    count.trimmedAtMs = nowMs
    count.running = this.#trim(partition, count)
  }

  /** Resolves when nothing is under way. */
  async drain(): Promise<void> {
    for (const { running } of this.#partitions.values()) await running
  }

  async #trim(partition: number, count: PartitionCount): Promise<void> {
    const { trimmer, keep, onError } = this.#parts
    try {
      await trimmer.trim(partition, keep)
    } catch (error) {
      onError(error)
    }
    count.running = undefined
  }
}
