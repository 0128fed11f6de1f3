import type { NewEvent } from '@eventspine/core'
import { createKeyspace } from '@eventspine/servers'
import { Redis, type RedisOptions } from 'ioredis'
import { afterEach } from 'vitest'

/** What a test leaves open, ended after it in reverse order. */
export function useEnds(): (end: () => unknown) => void {
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end()
  })
  return (end) => void ends.push(end)
}

/** A client of a test, whose connections may break. */
export function clientOf(
  url: string,
  options: Pick<RedisOptions, 'autoResendUnfulfilledCommands'> = {},
): Redis {
  const client = new Redis(url, options)
  client.on('error', () => undefined)
  return client
}

/** A prefix of a test's own on the server of `url`; its keys go after the test. */
export function ownPrefix(url: string, onEnd: (end: () => unknown) => void): string {
  const keyspace = createKeyspace(url)
  onEnd(() => keyspace.remove())
  return keyspace.prefix
}

export function counted(number: number): NewEvent {
  return { type: 'Counted', data: { number } }
}

/** What `work` was refused with. */
export async function refusedWith(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('it was not refused')
}
