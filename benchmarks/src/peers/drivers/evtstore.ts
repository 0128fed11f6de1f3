import { ORDER_PLACED, type OrderData, orderData, orderMetadata } from '../../workload/order-event.ts'
import { type OpenDriver, openPeerPool, storedBy } from '../driver.ts'
import { peerModules } from '../install-peer.ts'

const STREAM = 'carts'

interface PgProvider {
  migrate(options: object): Promise<void>
  createProvider(options: object): {
    createEvents(stream: string, id: string, version: number, events: readonly object[]): unknown[]
    append(stream: string, id: string, version: number, events: readonly unknown[]): Promise<unknown>
    getEventsFor(
      stream: string,
      id: string,
    ): Promise<readonly { readonly event: { readonly data: OrderData } }[]>
  }
}

/** evtstore, by its `pg` provider. */
export const openEvtstore: OpenDriver = async ({ folder, url, poolSize }) => {
  const load = await peerModules(folder)
  const pgProvider = await load<PgProvider>('evtstore/provider/pg.js')
  const pool = await openPeerPool(load, url, poolSize)
  const names = { client: pool, events: 'events', bookmarks: 'bookmarks' }
  await pgProvider.migrate(names)
  const provider = pgProvider.createProvider(names)
  return {
    async append({ id, version }, firstNumber, count) {
      const events = Array.from({ length: count }, (_, index) => ({
        type: ORDER_PLACED,
        data: orderData(firstNumber + index),
        metadata: orderMetadata(firstNumber + index),
      }))
      await provider.append(STREAM, id, version + 1, provider.createEvents(STREAM, id, version + 1, events))
    },
    stored: () =>
      storedBy(
        pool,
        'select aggregate_id as id, count(*)::text as events, max(version)::text as last from events group by aggregate_id',
      ),
    async readStream(id) {
      const events = await provider.getEventsFor(STREAM, id)
      let sum = 0
      for (const { event } of events) sum += event.data.totalCents
      return { events: events.length, sum }
    },
    close: () => pool.end(),
  }
}
