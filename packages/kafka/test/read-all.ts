import { setTimeout as delay } from 'node:timers/promises'
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

const SHOWN_WITHIN_MS = 20_000

/**
 * All events of each partition, read anew in small pages.
 *
 * @param atLeast - so many are waited for: brokers show a transaction a moment after they have acknowledged its commit.
 */
export async function readAll(
  client: KafkaClient,
  topic: string,
  partitions: number,
  { foreign = 'deliver', atLeast = 0 }: Pick<TopicOptions, 'foreign'> & { readonly atLeast?: number } = {},
): Promise<ReadEvent[][]> {
  const endsAt = performance.now() + SHOWN_WITHIN_MS
  let found = 0
  const decoder = new RecordDecoder({ topic, incarnation: '0123456789abcdef', partitions, foreign })
  const reader = new LogReader({ client, topic, decoder, timeoutMs: 20_000 })
  try {
    return await Promise.all(
      Array.from({ length: partitions }, async (_, partition) => {
        const events: ReadEvent[] = []
        for (let after = 0; ;) {
          const page = await reader.readFeed({ partition, after, limit: 7 })
          events.push(...page.events.map((event) => readEvent(event)))
          found += page.events.length
          if (page.atEnd) {
            if (found >= atLeast || performance.now() > endsAt) return events
            await delay(20)
          }
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
