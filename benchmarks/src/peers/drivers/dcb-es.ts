import { ORDER_PLACED, type OrderData, orderData, orderMetadata } from '../../workload/order-event.ts'
import { type OpenDriver, openPeerPool, storedBy } from '../driver.ts'
import { peerModules } from '../install-peer.ts'

interface Core {
  readonly Tags: { from(values: readonly string[]): unknown }
  readonly Query: { fromItems(items: readonly object[]): unknown }
}

interface Adapter {
  readonly PostgresEventStore: new (options: object) => {
    ensureInstalled(): Promise<void>
    append(command: object): Promise<object>
    read(query: unknown): AsyncIterable<{ readonly event: { readonly data: OrderData } }>
  }
}

/** dcb-es: a stream is a tag, and the condition of an append the position that the last one returned. */
export const openDcbEs: OpenDriver = async ({ folder, url, poolSize }) => {
  const load = await peerModules(folder)
  const { Tags, Query } = await load<Core>('@dcb-es/event-store')
  const { PostgresEventStore } = await load<Adapter>('@dcb-es/event-store-postgres')
  const pool = await openPeerPool(load, url, poolSize)
  const store = new PostgresEventStore({ pool })
  await store.ensureInstalled()
  const positions = new Map<string, object>()
  const query = (id: string): unknown =>
    Query.fromItems([{ types: [ORDER_PLACED], tags: Tags.from([`stream=${id}`]) }])
  return {
    async append({ id }, firstNumber, count) {
      const tags = Tags.from([`stream=${id}`])
      const events = Array.from({ length: count }, (_, index) => ({
        type: ORDER_PLACED,
        tags,
        data: orderData(firstNumber + index),
        metadata: orderMetadata(firstNumber + index),
      }))
      const after = positions.get(id)
      const condition = { failIfEventsMatch: query(id), ...(after === undefined ? {} : { after }) }
      positions.set(id, await store.append({ events, condition }))
    },
    stored: () =>
      storedBy(
        pool,
        `select substr(tags[1], 8) as id, count(*)::text as events, count(*)::text as last from events group by tags[1]`,
      ),
    async readStream(id) {
      let events = 0
      let sum = 0
      for await (const { event } of store.read(query(id))) {
        events++
        sum += event.data.totalCents
      }
      return { events, sum }
    },
    close: () => pool.end(),
  }
}
