import type { PublishEvent, RecordedEvent } from '@eventspine/core'
import type { Redis } from 'ioredis'
import { expect } from 'vitest'
import { redisStream, type RedisStreamBackend, type StreamOptions } from '../src/index.ts'
import { serverUrl } from './backend.ts'
import { clientOf, ownPrefix } from './server.ts'

export const topic = 'orders'

export const event = (number: number, streamId = 'order:1'): PublishEvent => ({
  type: 'Counted',
  data: number,
  streamId,
})

/** Opens streams and clients that end with the test. */
export function ownStreams(onEnd: (end: () => unknown) => void) {
  async function openStream(
    options: Partial<StreamOptions> = {},
    url = serverUrl(),
  ): Promise<{ readonly stream: RedisStreamBackend; readonly prefix: string }> {
    const prefix = options.prefix ?? ownPrefix(url, onEnd)
    const stream = await redisStream.connect(url, { prefix, topic, create: true, ...options })
    onEnd(() => stream.close())
    return { stream, prefix }
  }

  function rawClient(url = serverUrl()): Redis {
    const client = clientOf(url)
    onEnd(() => client.disconnect())
    return client
  }

  return { openStream, rawClient }
}

/** What a group is given until it has caught up with the end. */
export async function handledBy(
  stream: RedisStreamBackend,
  group: string,
): Promise<readonly RecordedEvent[]> {
  const handled: RecordedEvent[] = []
  const handlers = (found: RecordedEvent): void => void handled.push(found)
  const { caughtUp } = await stream.stream.runOnce({ group, handlers, budgetMs: 20_000 })
  expect(caughtUp).toBe(true)
  return handled
}

export const numbersTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
