import { Redis } from 'ioredis'

/** Deleted by the probe and never made: a write that changes nothing. */
const absentKey = 'eventspine:probe:absent'

/**
 * Asks a Redis what only a working one answers: PING, and a write. A node of a cluster is asked for its version in
 * place of the write, as the slots may be elsewhere.
 *
 * @returns such as `7.0.15`. Rejects when the answer takes longer than `deadlineMs`, and while data are loaded.
 */
export async function askRedis(url: string, deadlineMs: number): Promise<string> {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: deadlineMs,
    commandTimeout: deadlineMs,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
  })
  // What breaks the connection is also what rejects the command.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.ping()
    const info = await client.info()
    // A write that needs no memory and leaves nothing, so that a full server is a working one.
    if (fieldOf(info, 'cluster_enabled') !== '1') await client.del(absentKey)
    return fieldOf(info, 'redis_version') ?? 'unknown'
  } finally {
    client.disconnect()
  }
}

function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]?.trim()
}
