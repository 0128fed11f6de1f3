import { Redis } from 'ioredis'

const SETTINGS = ['appendonly', 'appendfsync', 'maxmemory-policy', 'io-threads'] as const
const PROBES = 2000

/** Version and settings of a server, and how long its simplest answer takes. */
export async function redisEnvironment(url: string): Promise<Readonly<Record<string, string | number>>> {
  const client = new Redis(url)
  try {
    const info = await client.info('server')
    const version = /^redis_version:(\S+)/m.exec(info)?.[1] ?? 'unknown'
    const settings: Record<string, string> = {}
    for (const name of SETTINGS) {
      // An array of name and value, or a map, by the protocol's version.
      const found: unknown = await client.config('GET', name)
      settings[name] = String(Array.isArray(found) ? found[1] : undefined)
    }
    return { redis: version, ...settings, 'round trip µs': Math.round(await roundTripUs(client)) }
  } finally {
    client.disconnect()
  }
}

async function roundTripUs(client: Redis): Promise<number> {
  const times: number[] = []
  for (let probe = 0; probe < PROBES; probe++) {
    const startedAt = performance.now()
    await client.ping()
    times.push((performance.now() - startedAt) * 1000)
  }
  return times.sort((a, b) => a - b)[PROBES / 2] ?? NaN
}
