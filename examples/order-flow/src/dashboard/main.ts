import { setTimeout as delay } from 'node:timers/promises'
import { EventStoreError, open } from '@eventspine/core'
import { describeEvent } from '../order/describe-event.ts'
import { storeAdapters } from '../service/adapters.ts'
import { openStream } from '../service/open-stream.ts'
import { required, runService } from '../service/service.ts'
import { keepSales, readSales } from './dashboard.ts'

const LOOK_EVERY_MS = 150
const LATEST = 6

await runService(async ({ environment, report }) => {
  const backend = await open(required(environment, 'EVENTSPINE_STORE'), storeAdapters)
  const source = await openStream(required(environment, 'EVENTSPINE_STREAM'), backend)
  const latest: string[] = []
  let changed = true
  const subscription = await keepSales(source.stream, (event) => {
    latest.push(describeEvent(event))
    latest.splice(0, latest.length - LATEST)
    changed = true
  })
  const stop = new AbortController()
  const shown = show()
  return {
    completed: Promise.race([subscription.completed, shown]),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await shown
      await subscription.stop()
      await source[Symbol.asyncDispose]()
      await backend.close()
    },
  }

  /** What people see is what the documents say, not what this process remembers. */
  async function show(): Promise<void> {
    while (!stop.signal.aborted) {
      if (changed) {
        changed = false
        try {
          report({ kind: 'dashboard', sales: await readSales(source.documents), latest })
        } catch (error) {
          // The store is away for a moment: the subscription waits for it too.
          if (!EventStoreError.is(error) || !error.retryable) throw error
          changed = true
        }
      }
      await delay(LOOK_EVERY_MS, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  }
})
