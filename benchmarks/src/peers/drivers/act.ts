import { ORDER_PLACED, type OrderData, orderData, orderMetadata } from '../../workload/order-event.ts'
import { type OpenDriver, openPeerPool, storedBy } from '../driver.ts'
import { peerModules } from '../install-peer.ts'

interface Adapter {
  readonly PostgresStore: new (options: object) => {
    seed(): Promise<void>
    dispose(): Promise<void>
    commit(
      stream: string,
      messages: readonly object[],
      meta: object,
      expectedVersion: number,
    ): Promise<unknown>
    query(
      each: (event: { readonly data: OrderData }) => void,
      query: { readonly stream: string },
    ): Promise<number>
  }
}

/** Act, by the store that its application uses. It reads the folder and the environment of its process. */
export const openAct: OpenDriver = async ({ folder, url, poolSize }) => {
  process.chdir(folder)
  process.env['NODE_ENV'] = 'production'
  process.env['LOG_LEVEL'] = 'fatal'
  const load = await peerModules(folder)
  const { PostgresStore } = await load<Adapter>('@rotorsoft/act-pg')
  const { hostname, port, pathname, username, password } = new URL(url)
  const store = new PostgresStore({
    host: hostname,
    port: Number(port),
    database: pathname.slice(1),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    // Its pool is made of these options.
    max: poolSize,
    idleTimeoutMillis: 0,
  })
  await store.seed()
  const looking = await openPeerPool(load, url, 1)
  return {
    async append({ id, version }, firstNumber, count) {
      const messages = Array.from({ length: count }, (_, index) => ({
        name: ORDER_PLACED,
        data: orderData(firstNumber + index),
      }))
      // Metadata is one for all messages of a commit; versions begin at 0.
      const meta = { correlation: id, causation: {}, ...orderMetadata(firstNumber) }
      await store.commit(id, messages, meta, version - 1)
    },
    stored: () =>
      storedBy(
        looking,
        'select stream as id, count(*)::text as events, (max(version) + 1)::text as last from public.events group by stream',
      ),
    async readStream(stream) {
      let sum = 0
      const events = await store.query(({ data }) => (sum += data.totalCents), { stream })
      return { events, sum }
    },
    async close() {
      await looking.end()
      await store.dispose()
    },
  }
}
