import { EventStoreError, type ImportedEvent, VersionConflictError } from '@eventspine/core'
import { eventFields, type EventFields, type FeedEntry, sizeOf } from './stored-commit.ts'
import type { StreamTip } from './stream-tips.ts'

/** A stream before an import. */
export interface StreamState {
  readonly tip: StreamTip
  /** What stands at versions of the import, removed or not. */
  readonly standing: ReadonlyMap<number, { readonly id: string; readonly sequence: number }>
}

/** Imported events of one stream that follow each other in the feed. */
export interface Run {
  readonly entry: FeedEntry
  readonly size: number
}

/** A run to which events are still added. */
interface GrowingRun {
  readonly entry: FeedEntry & { readonly time: number[]; readonly events: EventFields[] }
  size: number
}

/** What has become of a stream by the events so far. */
interface Growth {
  number: number
  version: number
  origin: number
  readonly written: Map<number, string>
}

/** What an import has to write, judged event by event before anything is written. */
export class ImportPlan {
  readonly #states: ReadonlyMap<string, StreamState>
  readonly #growths = new Map<string, Growth>()
  readonly #runs: GrowingRun[] = []
  /** Of the last event, if it is passed over. */
  #passedSequence: number | undefined

  constructor(states: ReadonlyMap<string, StreamState>) {
    this.#states = states
  }

  get runs(): readonly Run[] {
    return this.#runs
  }

  /** Returns why an event cannot be imported. */
  add(event: ImportedEvent): EventStoreError | undefined {
    const { streamId, version, id } = event
    const growth = this.#growth(streamId)
    if (growth.version === 0 || version === growth.version + 1) {
      this.#write(event, growth)
      return undefined
    }
    const standing = this.#states.get(streamId)?.standing.get(version)
    const there = standing?.id ?? growth.written.get(version)
    if (there === undefined) return new VersionConflictError(streamId, version - 1, growth.version)
    if (there !== id) {
      const message = `stream ${JSON.stringify(streamId)} holds another event at version ${version}`
      return new EventStoreError('ID_REUSED', message)
    }
    this.#passedSequence = standing?.sequence
    return undefined
  }

  /** @param ends - the sequence of the last event of each run. */
  sequenceOfLast(ends: readonly number[]): number {
    return this.#passedSequence ?? ends.at(-1) ?? 0
  }

  #growth(streamId: string): Growth {
    const known = this.#growths.get(streamId)
    if (known !== undefined) return known
    const tip = this.#states.get(streamId)?.tip
    const growth = {
      number: tip?.number ?? 0,
      version: tip?.version ?? 0,
      origin: tip?.origin ?? 1,
      written: new Map<number, string>(),
    }
    this.#growths.set(streamId, growth)
    return growth
  }

  #write(event: ImportedEvent, growth: Growth): void {
    const { streamId, version, timestampMs } = event
    if (growth.version === 0) growth.origin = version
    let run = this.#runs.at(-1)
    if (run?.entry.stream !== streamId) {
      const isFirst = growth.written.size === 0
      growth.number++
      const entry = {
        stream: streamId,
        number: growth.number,
        version,
        time: [],
        ...(growth.origin > 1 ? { origin: growth.origin } : {}),
        ...(isFirst ? {} : { chained: 1 as const }),
        events: [],
      }
      run = { entry, size: 0 }
      this.#runs.push(run)
    }
    run.entry.time.push(timestampMs)
    run.entry.events.push(eventFields(event))
    run.size += sizeOf([event])
    growth.version = version
    growth.written.set(version, event.id)
    this.#passedSequence = undefined
  }
}
