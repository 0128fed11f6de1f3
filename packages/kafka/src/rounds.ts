import { type Commit, type CommitOutcome, EventStoreError } from '@eventspine/core'
import { sizedRecord } from './encode-record.ts'
import { type Place, type Round, RoundLayout } from './round-layout.ts'

/** What became of a partition's records: their first offset, or why they were not acknowledged. */
export type RoundResult = ReadonlyMap<number, number | EventStoreError>

/** All of a commit's records have a place, or it was refused and none has. */
type Placed = { readonly places: readonly Place[]; readonly lastOfStream: readonly Place[] } | EventStoreError

/** Commits laid out in requests, and the verdict on each of them. */
export class Rounds {
  readonly #layout: RoundLayout
  readonly #source: string
  readonly #placed: Placed[]
  readonly #commits: readonly Commit[]

  constructor(
    commits: readonly Commit[],
    { maxMessageBytes, source }: { readonly maxMessageBytes: number; readonly source: string },
    nowMs: number,
  ) {
    this.#commits = commits
    this.#source = source
    this.#layout = new RoundLayout(maxMessageBytes)
    this.#placed = commits.map((commit) => this.#place(commit, nowMs))
  }

  get rounds(): readonly Round[] {
    return this.#layout.rounds
  }

  /** The verdict on each commit. Rounds without a result were not sent. */
  outcomes(results: readonly RoundResult[]): readonly CommitOutcome[] {
    return this.#placed.map((placed, index) => {
      if (placed instanceof EventStoreError) return { ok: false, error: placed }
      const failure = failureOf(placed.places, results)
      if (failure !== undefined) return { ok: false, error: failure }
      const streams = placed.lastOfStream.map(({ round, partition, index: at }) => {
        const first = results[round]?.get(partition)
        // Offsets start at 0, sequences at 1.
        const sequence = (typeof first === 'number' ? first : NaN) + at + 1
        return { version: sequence, sequence }
      })
      return { ok: true, streams, revisions: (this.#commits[index]?.documents ?? []).map(() => undefined) }
    })
  }

  #place({ appends }: Commit, nowMs: number): Placed {
    const encoded = appends.map(({ streamId, partition, events }) =>
      events.map((event) =>
        sizedRecord(event, {
          streamId,
          partition,
          source: this.#source,
          timestampMs: nowMs,
          appendedAtMs: nowMs,
        }),
      ),
    )
    // Before any of its neighbours has a place, so that nothing of the commit is sent.
    for (const records of encoded) {
      for (const record of records) {
        const tooLarge = this.#layout.tooLarge(record)
        if (tooLarge !== undefined) return tooLarge
      }
    }
    const places: Place[] = []
    const lastOfStream: Place[] = []
    for (const records of encoded) {
      for (const record of records) places.push(this.#layout.add(record))
      const last = places.at(-1)
      if (last !== undefined) lastOfStream.push(last)
    }
    return { places, lastOfStream }
  }
}

const NOT_SENT = 'kafka: not sent, since a batch before it failed'

function failureOf(places: readonly Place[], results: readonly RoundResult[]): EventStoreError | undefined {
  let failure: EventStoreError | undefined
  let written = false
  for (const { round, partition } of places) {
    const result = results[round]?.get(partition) ?? notSent()
    if (typeof result === 'number') written = true
    else if (failure === undefined || result.outcome === 'unknown') failure = result
  }
  if (failure === undefined || (failure.outcome === 'not-applied' && !written)) return failure
  const part = written ? ', a part of its events was written' : ''
  return new EventStoreError(
    written ? 'OUTCOME_UNKNOWN' : failure.code,
    `${failure.message}${part}; publishing again may double the events`,
    { outcome: 'unknown', retryable: failure.retryable, cause: failure },
  )
}

function notSent(): EventStoreError {
  return new EventStoreError('BACKEND_UNAVAILABLE', NOT_SENT, { retryable: true })
}
