import type { KafkaRecord } from './client.ts'
import { BATCH_OVERHEAD_BYTES } from './encode-record.ts'
import { EventStoreError } from '@eventspine/core'

/** Records that one request carries, by partition. */
export interface Round {
  readonly partitions: ReadonlyMap<number, KafkaRecord[]>
}

/** A record and at least as many bytes as it takes: counting costs a good part of making it. */
export interface SizedRecord {
  readonly record: KafkaRecord
  readonly bytes: number
}

/** Where a record was put. */
export interface Place {
  readonly round: number
  readonly partition: number
  readonly index: number
}

// Far below the 100 MB that a broker takes by default, and little enough to be in memory twice.
// https://kafka.apache.org/documentation/#brokerconfigs_socket.request.max.bytes
const MAX_ROUND_BYTES = 8 * 1024 * 1024
// kafkajs groups records in quadratic time.
const MAX_ROUND_RECORDS = 1000

/** Lays records out in requests that brokers take, in the order in which they are added. */
export class RoundLayout {
  /** Of a partition's batch: the topic's `max.message.bytes`. */
  readonly #maxMessageBytes: number
  readonly #rounds: Map<number, KafkaRecord[]>[] = []
  #bytes = 0
  #records = 0
  #partitionBytes = new Map<number, number>()

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes
  }

  get rounds(): readonly Round[] {
    return this.#rounds.map((partitions) => ({ partitions }))
  }

  /** Law A9: the refusal of a record that no batch can hold. */
  tooLarge({ record, bytes }: SizedRecord): EventStoreError | undefined {
    const most = this.#maxMessageBytes - BATCH_OVERHEAD_BYTES
    if (bytes <= most) return undefined
    const id = record.headers['ce_id'] ?? ''
    return new EventStoreError(
      'LIMIT_EXCEEDED',
      `kafka: event ${id} of stream ${JSON.stringify(record.key)} takes up to ${bytes} bytes with its headers, ` +
        `the topic's max.message.bytes leaves ${most}`,
    )
  }

  add({ record, bytes }: SizedRecord): Place {
    const { partition } = record
    let round = this.#rounds.at(-1)
    let before = this.#partitionBytes.get(partition) ?? BATCH_OVERHEAD_BYTES
    if (
      round === undefined ||
      before + bytes > this.#maxMessageBytes ||
      this.#bytes + bytes > MAX_ROUND_BYTES ||
      this.#records >= MAX_ROUND_RECORDS
    ) {
      round = new Map()
      this.#rounds.push(round)
      this.#partitionBytes = new Map()
      this.#bytes = 0
      this.#records = 0
      before = BATCH_OVERHEAD_BYTES
    }
    const records = round.get(partition)
    if (records === undefined) round.set(partition, [record])
    else records.push(record)
    this.#partitionBytes.set(partition, before + bytes)
    this.#bytes += bytes
    this.#records++
    return { round: this.#rounds.length - 1, partition, index: (records?.length ?? 1) - 1 }
  }
}
