import { EventStoreError, partitionOf, type RelayPosition, type RelayRequest } from '@eventspine/core'
import type { KafkaMessage, KafkaRecord } from './client.ts'

/** The compacted topic in which relays into `topic` keep their positions. */
export function relayTopicOf(topic: string): string {
  return `${topic}.relays`
}

/** Kept in the log: everything else of a relay's place is in the key. */
interface RelayValue {
  readonly format: 1
  /** Of the source, which must not change. */
  readonly partitions: number
  readonly sequence: number
  readonly check: string
}

/** The records of one relay and partition in the relays' topic. `docs/wire.md` specifies them. */
export class RelayRecords {
  readonly partition: number
  readonly #request: RelayRequest
  readonly #prefix: string
  readonly #key: string

  /** @param partitions - of the relays' topic. All records of a relay are in one of them. */
  constructor(request: RelayRequest, partitions: number) {
    this.#request = request
    this.#prefix = `${request.incarnation}/${request.relay}/`
    this.#key = `${this.#prefix}${request.partition}`
    this.partition = partitionOf(this.#prefix, partitions)
  }

  /** Written when a session is opened: behind it stands nothing of the sessions before. */
  opening(): KafkaRecord {
    return this.#record(`${this.#key}/opened`, { format: 1, partitions: this.#request.partitions })
  }

  position({ sequence, check }: RelayPosition): KafkaRecord {
    return this.#record(this.#key, { format: 1, partitions: this.#request.partitions, sequence, check })
  }

  /**
   * The position in a list of records in the order of the log, if it is there.
   *
   * @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: written by a newer version, or for another partition count.
   */
  find(messages: readonly KafkaMessage[]): RelayPosition | undefined {
    let found: RelayPosition | undefined
    for (const { key, value } of messages) {
      const name = key?.toString() ?? ''
      if (value === null || !name.startsWith(this.#prefix)) continue
      // A relay's name may hold slashes, a partition none.
      const partition = name.slice(this.#prefix.length)
      if (!/^\d+$/.test(partition)) continue
      const { sequence, check } = this.#checked(value)
      if (name === this.#key) found = { sequence, check }
    }
    return found
  }

  #checked(value: Buffer): RelayValue {
    const { relay, partitions } = this.#request
    // Under this key only relays write, and their format is looked at first.
    const parsed = JSON.parse(value.toString()) as RelayValue
    if (parsed.format !== 1) {
      const message = `kafka: the position of relay ${JSON.stringify(relay)} has an unknown format`
      throw new EventStoreError('STORE_INCOMPATIBLE', message)
    }
    if (parsed.partitions !== partitions) {
      throw new EventStoreError(
        'STORE_INCOMPATIBLE',
        `kafka: relay ${JSON.stringify(relay)} wrote from a source of ${parsed.partitions} partitions, ` +
          `which now has ${partitions}`,
      )
    }
    return parsed
  }

  #record(key: string, value: object): KafkaRecord {
    return {
      key,
      value: JSON.stringify(value),
      partition: this.partition,
      headers: {},
      timestamp: String(Date.now()),
    }
  }
}
