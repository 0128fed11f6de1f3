import { postgres } from '@eventspine/postgres'
import { serveSession } from '../process/serve-session.ts'
import { LatencyProbe } from './latency-probe.ts'
import { openPool } from './own-database.ts'

/** A process that consumes what another one appends. */
serveSession(async ({ url }: { readonly url: string }) => {
  const pool = openPool(url)
  const backend = await postgres({ pool })
  const probe = new LatencyProbe()
  await probe.start(backend)
  return {
    measure: async () => probe.take(),
    check: (events) => probe.expect(events),
    async close() {
      await backend.close()
      await pool.end()
    },
  }
})
