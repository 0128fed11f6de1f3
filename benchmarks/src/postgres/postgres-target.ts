import { startPostgres } from '@eventspine/servers'
import type { OpenTarget } from '../target.ts'
import { batchAppends, singleAppends } from './append-scenarios.ts'
import { consumers } from './consumer-scenario.ts'
import { latencies } from './latency-scenario.ts'
import { pgliteAppends } from './pglite-scenario.ts'
import { postgresEnvironment } from './postgres-environment.ts'
import { feedReads, streamReads } from './read-scenarios.ts'
import { heldTransaction, severalProcesses } from './sharing-scenarios.ts'

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
        batchAppends(url),
        streamReads(url),
        feedReads(url),
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
