import type { KafkaClient, TopicOptions } from '../src/index.ts'
import type { StoredEvent } from '@eventspine/core'
import { RecordDecoder } from '../src/decode-record.ts'
import { LogReader } from '../src/log-reader.ts'

/** What a partition holds, as far as tests look at it. */
export interface ReadEvent {
  readonly id: string
  readonly type: string
  readonly streamId: string
  readonly sequence: number
  readonly data: unknown
  readonly metadata: unknown
}

/** All events of each partition, read anew in small pages. */
export async function readAll(
  client: KafkaClient,
  topic: string,
  partitions: number,
  foreign: NonNullable<TopicOptions['foreign']> = 'deliver',
): Promise<ReadEvent[][]> {
  const decoder = new RecordDecoder({ topic, incarnation: '0123456789abcdef', partitions, foreign })
  const reader = new LogReader({ client, topic, decoder, timeoutMs: 20_000 })
  try {
    return await Promise.all(
      Array.from({ length: partitions }, async (_, partition) => {
        const events: ReadEvent[] = []
        for (let after = 0; ;) {
          const page = await reader.readFeed({ partition, after, limit: 7 })
          events.push(...page.events.map((event) => readEvent(event)))
          if (page.atEnd) return events
          after = page.next
        }
      }),
    )
  } finally {
    await reader.close()
  }
}

function readEvent({ id, type, streamId, sequence, data, codec, metadata }: StoredEvent): ReadEvent {
  const body: unknown = JSON.parse(data)
  const bytes = codec === 1 ? Buffer.from(String(body), 'base64') : body
  return { id, type, streamId, sequence, data: bytes, metadata: JSON.parse(metadata) as unknown }
}
