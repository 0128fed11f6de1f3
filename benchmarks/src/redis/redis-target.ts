import { startRedis } from '@eventspine/servers'
import type { OpenTarget } from '../target.ts'
import { batchAppends, singleAppends } from './append-scenarios.ts'
import { memoryUse } from './memory-scenario.ts'
import { feedReads, streamReads } from './read-scenarios.ts'
import { redisEnvironment } from './redis-environment.ts'

/** A Redis of this run alone, and what is measured on it. */
export async function openRedisTarget(): Promise<OpenTarget> {
  const server = await startRedis()
  try {
    const { url, pid } = server
    return {
      serverPid: pid,
      environment: await redisEnvironment(url),
      scenarios: [singleAppends(url), batchAppends(url), streamReads(url), feedReads(url), memoryUse(url)],
      [Symbol.asyncDispose]: () => server.stop(),
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}
