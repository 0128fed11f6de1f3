import { readFileSync } from 'node:fs'
import { type EncodedEvent, type EventOrigin, partitionOf } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import type { KafkaMessage } from '../src/client.ts'
import { RecordDecoder } from '../src/decode-record.ts'
import { encodeRecord } from '../src/encode-record.ts'
import { RelayRecords } from '../src/relay-topic.ts'
import { incarnationOf } from '../src/topic.ts'

interface Vectors {
  readonly incarnations: readonly {
    readonly clusterId: string
    readonly topic: string
    readonly incarnation: string
  }[]
  readonly events: readonly {
    readonly event: EncodedEvent & {
      readonly streamId: string
      readonly timestampMs: number
      readonly origin?: EventOrigin
    }
    readonly source: string
    readonly partitions: number
    readonly record: {
      readonly partition: number
      readonly key: string
      readonly value: string
      readonly headers: Readonly<Record<string, string>>
    }
  }[]
  readonly foreign: readonly {
    readonly incarnation: string
    readonly partitions: number
    readonly partition: number
    readonly offset: number
    readonly id: string
    readonly streamId: string
  }[]
  readonly relays: readonly {
    readonly incarnation: string
    readonly relay: string
    readonly partition: number
    readonly partitions: number
    readonly relayPartitions: number
    readonly sequence: number
    readonly check: string
    readonly record: { readonly partition: number; readonly key: string; readonly value: string }
  }[]
}

// The file is part of the repository and described in docs/wire.md.
const golden = JSON.parse(
  readFileSync(new URL('../../../docs/wire/kafka.json', import.meta.url), 'utf8'),
) as Vectors

/** As a broker gives it back. */
function readBack(record: Vectors['events'][number]['record'], offset: number): KafkaMessage {
  const headers = Object.entries(record.headers).map(([name, value]) => [name, Buffer.from(value)])
  return {
    key: Buffer.from(record.key),
    value: Buffer.from(record.value, 'base64'),
    headers: Object.fromEntries(headers) as Record<string, Buffer>,
    offset: String(offset),
    timestamp: '1',
  }
}

describe('the golden vectors of Kafka in docs/wire.md', () => {
  it('name topics', () => {
    for (const { clusterId, topic, incarnation } of golden.incarnations)
      expect(incarnationOf(clusterId, topic)).toBe(incarnation)
  })

  it.each(golden.events)('are what is written: $event.type', ({ event, source, partitions, record }) => {
    const { streamId, timestampMs, origin } = event
    const partition = partitionOf(streamId, partitions)
    const written = encodeRecord(event, { streamId, partition, source, timestampMs, appendedAtMs: 5, origin })
    const { value, headers, key } = written
    expect({
      partition: written.partition,
      key,
      value: Buffer.from(value).toString('base64'),
      headers,
    }).toEqual(record)
    expect(written.timestamp).toBe('5')
  })

  it.each(golden.events)('are read as they were: $event.type', ({ event, partitions, record }) => {
    const options = { topic: 't', incarnation: '0123456789abcdef', partitions, foreign: 'stop' } as const
    const read = new RecordDecoder(options).decode(readBack(record, 6), record.partition)
    const { id, type, schemaVersion, codec, data, metadata, streamId, timestampMs, origin } = read ?? {}
    expect({ id, type, schemaVersion, codec, data, metadata, streamId, timestampMs, origin }).toEqual({
      origin: undefined,
      ...event,
    })
    expect(read).toMatchObject({ partition: record.partition, sequence: 7, version: 7 })
  })

  it.each(golden.foreign)('name records of others: $streamId', ({ id, streamId, offset, ...place }) => {
    const decoder = new RecordDecoder({ topic: 't', foreign: 'deliver', ...place })
    const message = { key: null, value: Buffer.from('x'), offset: String(offset), timestamp: '1' }
    const read = decoder.decode(message, place.partition)
    expect(read).toMatchObject({ id, streamId, type: '$foreign', codec: 1, data: '"eA=="' })
    expect(partitionOf(streamId, place.partitions)).toBe(place.partition)
  })

  it.each(golden.relays)(
    'hold positions of relays: $relay',
    ({ record, sequence, check, relayPartitions, ...request }) => {
      const records = new RelayRecords(request, relayPartitions)
      const { partition, key, value } = records.position({ sequence, check })
      expect({ partition, key, value }).toEqual(record)
      const message = {
        key: Buffer.from(key),
        value: Buffer.from(String(value)),
        offset: '0',
        timestamp: '1',
      }
      expect(records.find([message])).toEqual({ sequence, check })
      const other = new RelayRecords({ ...request, partition: request.partition + 1 }, relayPartitions)
      expect(other.find([message])).toBeUndefined()
      const changed = new RelayRecords({ ...request, partitions: 8 }, relayPartitions)
      expect(() => changed.find([message])).toThrow(expect.objectContaining({ code: 'STORE_INCOMPATIBLE' }))
    },
  )
})
