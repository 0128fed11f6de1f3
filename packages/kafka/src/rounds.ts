import { type Commit, type CommitOutcome, EventStoreError } from '@eventspine/core'
import type { KafkaRecord } from './client.ts'
import { BATCH_OVERHEAD_BYTES, encodeRecord, recordBytes } from './encode-record.ts'

/** Records that one request carries, by partition. */
export interface Round {
  readonly partitions: ReadonlyMap<number, KafkaRecord[]>
}

/** What became of a partition's records: their first offset, or why they were not acknowledged. */
export type RoundResult = ReadonlyMap<number, number | EventStoreError>

export interface RoundLimits {
  /** Of a partition's batch: the topic's `max.message.bytes`. */
  readonly maxMessageBytes: number
  readonly source: string
}

interface Place {
  readonly round: number
  readonly partition: number
  readonly index: number
}

/** All of a commit's records have a place, or it was refused and none has. */
type Placed = { readonly places: readonly Place[]; readonly lastOfStream: readonly Place[] } | EventStoreError

// Far below the 100 MB that a broker takes by default, and little enough to be in memory twice.
// https://kafka.apache.org/documentation/#brokerconfigs_socket.request.max.bytes
const MAX_ROUND_BYTES = 8 * 1024 * 1024
// kafkajs groups records in quadratic time.
const MAX_ROUND_RECORDS = 1000

/** Commits laid out in requests that brokers take, in the order of the calls. */
export class Rounds {
  readonly #limits: RoundLimits
  readonly #rounds: Map<number, KafkaRecord[]>[] = []
  readonly #placed: Placed[]
  readonly #commits: readonly Commit[]
  #bytes = 0
  #records = 0
  #partitionBytes = new Map<number, number>()

  constructor(commits: readonly Commit[], limits: RoundLimits, nowMs: number) {
    this.#commits = commits
    this.#limits = limits
    this.#placed = commits.map((commit) => this.#place(commit, nowMs))
  }

  get rounds(): readonly Round[] {
    return this.#rounds.map((partitions) => ({ partitions }))
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
        encodeRecord(event, {
          streamId,
          partition,
          source: this.#limits.source,
          timestampMs: nowMs,
          appendedAtMs: nowMs,
        }),
      ),
    )
    const tooLarge = this.#tooLarge(encoded)
    if (tooLarge !== undefined) return tooLarge
    const places: Place[] = []
    const lastOfStream: Place[] = []
    for (const records of encoded) {
      for (const record of records) places.push(this.#add(record))
      const last = places.at(-1)
      if (last !== undefined) lastOfStream.push(last)
    }
    return { places, lastOfStream }
  }

  /** Law A9: refused before anything is sent, and nobody else with it. */
  #tooLarge(encoded: readonly (readonly KafkaRecord[])[]): EventStoreError | undefined {
    const most = this.#limits.maxMessageBytes - BATCH_OVERHEAD_BYTES
    for (const records of encoded) {
      for (const record of records) {
        const bytes = recordBytes(record)
        if (bytes <= most) continue
        const id = record.headers['ce_id'] ?? ''
        return new EventStoreError(
          'LIMIT_EXCEEDED',
          `kafka: event ${id} of stream ${JSON.stringify(record.key)} takes up to ${bytes} bytes with its headers, ` +
            `the topic's max.message.bytes leaves ${most}`,
        )
      }
    }
    return undefined
  }

  #add(record: KafkaRecord): Place {
    const { partition } = record
    const bytes = recordBytes(record)
    const before = this.#partitionBytes.get(partition) ?? BATCH_OVERHEAD_BYTES
    let round = this.#rounds.at(-1)
    if (
      round === undefined ||
      before + bytes > this.#limits.maxMessageBytes ||
      this.#bytes + bytes > MAX_ROUND_BYTES ||
      this.#records >= MAX_ROUND_RECORDS
    ) {
      round = new Map()
      this.#rounds.push(round)
      this.#partitionBytes = new Map()
      this.#bytes = 0
      this.#records = 0
    }
    const records = round.get(partition)
    if (records === undefined) round.set(partition, [record])
    else records.push(record)
    this.#partitionBytes.set(partition, (this.#partitionBytes.get(partition) ?? BATCH_OVERHEAD_BYTES) + bytes)
    this.#bytes += bytes
    this.#records++
    return { round: this.#rounds.length - 1, partition, index: (records?.length ?? 1) - 1 }
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
