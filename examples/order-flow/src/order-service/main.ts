import { open } from '@eventspine/core'
import { storeAdapters } from '../service/adapters.ts'
import { required, runService } from '../service/service.ts'
import { serveOrders } from './serve-orders.ts'

await runService(async ({ environment, report }) => {
  const port = Number(required(environment, 'ORDER_SERVICE_PORT'))
  const backend = await open(required(environment, 'EVENTSPINE_STORE'), storeAdapters)
  const server = await serveOrders(backend.store, port, ({ accepted, repeated, refused }) => {
    report({ kind: 'progress', text: `${accepted} accepted, ${repeated} of them again, ${refused} refused` })
  })
  return {
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await backend.close()
    },
  }
})
