import { type Codec, EventStoreError, type EventOrigin, type StoredEvent } from '@eventspine/core'
import type { KafkaHeaderValue, KafkaMessage } from './client.ts'
import { ForeignRecords } from './foreign-record.ts'
import type { ForeignPolicy } from './options.ts'
import {
  DATA_CODEC,
  EVENT_ID,
  EVENT_TIME,
  EVENT_TYPE,
  METADATA,
  ORIGIN_POSITION,
  SCHEMA_VERSION,
  STREAM_POSITION,
} from './wire-headers.ts'

export interface DecoderOptions {
  readonly topic: string
  readonly incarnation: string
  readonly partitions: number
  readonly foreign: ForeignPolicy
}

/** Turns records of one topic into events. */
export class RecordDecoder {
  readonly #topic: string
  readonly #policy: ForeignPolicy
  readonly #foreign: ForeignRecords

  constructor(options: DecoderOptions) {
    this.#topic = options.topic
    this.#policy = options.foreign
    this.#foreign = new ForeignRecords(options.incarnation, options.partitions)
  }

  /**
   * The event that a record holds; `undefined` for one that nobody of ours wrote, where those are skipped.
   *
   * @throws {@link EventStoreError} `STORE_INCOMPATIBLE`: such a record, where those are to stop readers.
   */
  decode(message: KafkaMessage, partition: number): StoredEvent | undefined {
    const { headers, key, value } = message
    if (
      headers !== undefined &&
      key !== null &&
      value !== null &&
      headers[SCHEMA_VERSION] !== undefined &&
      headers[EVENT_ID] !== undefined &&
      headers[EVENT_TYPE] !== undefined
    ) {
      return new KafkaEvent(message, headers, key, value, partition)
    }
    if (this.#policy === 'skip') return undefined
    if (this.#policy === 'deliver') return this.#foreign.event(message, partition)
    throw new EventStoreError(
      'STORE_INCOMPATIBLE',
      `kafka: the record at offset ${message.offset} of partition ${partition} of topic ${JSON.stringify(this.#topic)} ` +
        "is no event of Eventspine; open with foreign: 'deliver' or 'skip' to go on",
    )
  }
}

type Headers = NonNullable<KafkaMessage['headers']>

/** A view over a record: text is made of its bytes when it is read. */
class KafkaEvent implements StoredEvent {
  readonly partition: number
  readonly sequence: number
  readonly #message: KafkaMessage
  readonly #headers: Headers
  readonly #key: Buffer
  readonly #value: Buffer

  constructor(message: KafkaMessage, headers: Headers, key: Buffer, value: Buffer, partition: number) {
    this.partition = partition
    this.sequence = Number(message.offset) + 1
    this.#message = message
    this.#headers = headers
    this.#key = key
    this.#value = value
  }

  get id(): string {
    return headerText(this.#headers[EVENT_ID]) ?? ''
  }

  get type(): string {
    return headerText(this.#headers[EVENT_TYPE]) ?? ''
  }

  get schemaVersion(): number {
    return Number(headerText(this.#headers[SCHEMA_VERSION]))
  }

  get streamId(): string {
    return this.#key.toString()
  }

  get version(): number {
    return this.sequence
  }

  get codec(): Codec {
    const codec = headerText(this.#headers[DATA_CODEC])
    // What is neither is refused by whoever decodes the data.
    return (codec === undefined ? 0 : Number(codec)) as Codec
  }

  get data(): string {
    return this.codec === 1 ? `"${this.#value.toString('base64')}"` : this.#value.toString()
  }

  get metadata(): string {
    return headerText(this.#headers[METADATA]) ?? '{}'
  }

  get timestampMs(): number {
    const time = Date.parse(headerText(this.#headers[EVENT_TIME]) ?? '')
    return Number.isNaN(time) ? Number(this.#message.timestamp) : time
  }

  get origin(): EventOrigin | undefined {
    const position = headerText(this.#headers[ORIGIN_POSITION])
    if (position === undefined) return undefined
    const streamPosition = headerText(this.#headers[STREAM_POSITION])
    return streamPosition === undefined ? { position } : { position, streamPosition: Number(streamPosition) }
  }
}

/** A header's text; of a repeated one the first. */
function headerText(value: KafkaHeaderValue): string | undefined {
  if (value === undefined || typeof value === 'string') return value
  return Array.isArray(value) ? headerText(value[0]) : value.toString()
}
