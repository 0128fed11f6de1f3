import { createHash } from 'node:crypto'
import { partitionOf, type StoredEvent } from '@eventspine/core'
import type { KafkaHeaderValue, KafkaMessage } from './client.ts'

/** Type and stream of what others wrote: no event of ours can have a name like that. */
const FOREIGN = '$foreign'

/**
 * Makes events of records that others wrote, so that nothing in a topic is lost: bytes, with the key and the
 * headers in the metadata. All of a partition are one stream, since their keys may have been placed by any hash.
 */
export class ForeignRecords {
  readonly #incarnation: string
  readonly #partitions: number
  readonly #streams = new Map<number, string>()

  constructor(incarnation: string, partitions: number) {
    this.#incarnation = incarnation
    this.#partitions = partitions
  }

  event({ key, value, headers = {}, offset, timestamp }: KafkaMessage, partition: number): StoredEvent {
    const text = Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, plain(header)]))
    const type = text['content-type']
    const metadata = {
      key: key === null ? null : key.toString('base64'),
      headers: text,
      $contentType: typeof type === 'string' && type !== '' ? type : 'application/octet-stream',
    }
    return {
      id: this.#id(partition, offset),
      type: FOREIGN,
      schemaVersion: 1,
      streamId: this.#stream(partition),
      partition,
      sequence: Number(offset) + 1,
      version: Number(offset) + 1,
      timestampMs: Number(timestamp),
      codec: 1,
      data: `"${value === null ? '' : value.toString('base64')}"`,
      metadata: JSON.stringify(metadata),
    }
  }

  /** The same whenever it is read, so that positions can name it and readers can tell that they saw it. */
  #id(partition: number, offset: string): string {
    const hex = createHash('sha256').update(`${this.#incarnation}/${partition}/${offset}`).digest('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  }

  /** A name that our hash puts where the records are: what waits of a parked stream is looked for there. */
  #stream(partition: number): string {
    let name = this.#streams.get(partition)
    for (let number = 0; name === undefined; number++) {
      const candidate = `${FOREIGN}:${partition}.${number}`
      if (partitionOf(candidate, this.#partitions) === partition) name = candidate
    }
    this.#streams.set(partition, name)
    return name
  }
}

function plain(value: KafkaHeaderValue): string | readonly string[] {
  if (Array.isArray(value)) return value.map((one) => one.toString())
  return value?.toString() ?? ''
}
