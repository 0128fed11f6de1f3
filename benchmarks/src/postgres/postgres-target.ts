import { startPostgres } from '@eventspine/servers'
import type { OpenTarget } from '../target.ts'
import { batchAppends, singleAppends } from './append-scenarios.ts'
import { consumers } from './consumer-scenario.ts'
import { slowFlush } from './flush-scenario.ts'
import { latencies } from './latency-scenario.ts'
import { feedMemory } from './memory-scenario.ts'
import { pgliteAppends } from './pglite-scenario.ts'
import { postgresEnvironment } from './postgres-environment.ts'
import { feedReads, streamReads } from './read-scenarios.ts'
import { heldTransaction, severalProcesses } from './sharing-scenarios.ts'
import { storeSizes } from './size-scenario.ts'

/** A PostgreSQL of this run alone, with its usual settings but one, and what is measured on it. */
export async function openPostgresTarget(): Promise<OpenTarget> {
  // So that no checkpoint falls due within a slice of the fastest candidate.
  const server = await startPostgres({ settings: { max_wal_size: '4GB' } })
  try {
    const { url, pid } = server
    return {
      serverPid: pid,
      environment: await postgresEnvironment(url),
      scenarios: [
        singleAppends(url),
        slowFlush(url),
        batchAppends(url),
        streamReads(url),
        feedReads(url),
        storeSizes(url),
        feedMemory(url),
        consumers(url),
        latencies(url),
        heldTransaction(url),
        severalProcesses(url),
        pgliteAppends,
      ],
      [Symbol.asyncDispose]: () => server.stop(),
    }
  } catch (error) {
    await server.stop()
    throw error
  }
}
