import { setTimeout as delay } from 'node:timers/promises'
import { open } from '@eventspine/core'
import { type Relay, relay } from '@eventspine/relay'
import { order } from '../order/order.ts'
import { storeAdapters } from '../service/adapters.ts'
import { openStream } from '../service/open-stream.ts'
import { required, runService } from '../service/service.ts'

/** A killed process is missed after this. */
const LEASE_MS = 3000
const LOOK_EVERY_MS = 500

await runService(async ({ environment, report }) => {
  const backend = await open(required(environment, 'EVENTSPINE_STORE'), storeAdapters)
  const target = await openStream(required(environment, 'EVENTSPINE_STREAM'), backend)
  const running = relay(backend, target, {
    name: 'orders',
    filter: (event) => order.is(event),
    leaseMs: LEASE_MS,
  })
  const stop = new AbortController()
  const shown = show(running, stop.signal, (text) => report({ kind: 'progress', text }))
  return {
    completed: running.completed,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await shown
      await running.stop()
      await target[Symbol.asyncDispose]()
      await backend.close()
    },
  }
})

async function show(running: Relay, signal: AbortSignal, print: (text: string) => void): Promise<void> {
  let shown = ''
  while (!signal.aborted) {
    // What is wrong, `completed` tells; this is but the show.
    const lag = await running.lag().catch(() => [])
    const behind = lag.reduce((sum, { events }) => sum + events, 0)
    const text = `${lag.filter(({ owned }) => owned).length} partitions, ${behind} events behind`
    if (text !== shown) print(text)
    shown = text
    await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
}
