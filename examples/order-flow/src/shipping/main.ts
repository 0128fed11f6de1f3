import { open } from '@eventspine/core'
import { storeAdapters } from '../service/adapters.ts'
import { openStream } from '../service/open-stream.ts'
import { required, runService } from '../service/service.ts'
import { shipPaidOrders } from './ship-paid-orders.ts'

await runService(async ({ environment, report }) => {
  const backend = await open(required(environment, 'EVENTSPINE_STORE'), storeAdapters)
  const source = await openStream(required(environment, 'EVENTSPINE_STREAM'), backend)
  const subscription = await shipPaidOrders(source.stream, backend.store, {
    onShipped: ({ shipped, repeated, cancelled }) => {
      report({
        kind: 'progress',
        text: `${shipped} shipped, ${repeated} of them before, ${cancelled} cancelled in time`,
      })
    },
  })
  return {
    completed: subscription.completed,
    async [Symbol.asyncDispose]() {
      await subscription.stop()
      await source[Symbol.asyncDispose]()
      await backend.close()
    },
  }
})
