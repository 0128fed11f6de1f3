import { setTimeout as delay } from 'node:timers/promises'
import { peerModules } from '../../peers/install-peer.ts'
import type { Appended, Contender, HandledNumber, NumberLog, RunningConsumer } from '../contender.ts'

/** What takes over after a kill waits so long. Its default is 30 seconds. */
const LEASE_MS = 1000
const DRAIN_PAUSE_MS = 50

interface Committed {
  readonly stream: string
  readonly data: { readonly number: number }
}

interface Store {
  seed(): Promise<void>
  dispose(): Promise<void>
  commit(stream: string, messages: readonly object[], meta: object, expectedVersion: number): Promise<unknown>
  query(each: (event: Committed) => void, query: { readonly stream: string }): Promise<number>
}

interface App {
  drain(): Promise<number>
}

interface Builder {
  with(state: unknown): Builder
  on(event: string): { do(handler: (event: Committed) => Promise<void>): Builder }
  build(): App
}

interface StateBuilder {
  init(initial: () => object): StateBuilder
  emits(events: object): StateBuilder
  patch(patches: object): StateBuilder
  on(action: string, schema: unknown): { emit(handler: (action: object) => unknown): StateBuilder }
  build(): unknown
}

interface Core {
  act(): Builder
  state(name: string, schema: unknown): StateBuilder
  /** With an argument, sets the store; the first one given stays. */
  store(adapter?: Store): Store
  readonly ConcurrencyError: new () => Error
}

interface Adapter {
  readonly PostgresStore: new (options: object) => Store
}

interface Zod {
  readonly z: { object(shape: object): unknown; number(): unknown }
}

/** Act, as far as it is on the registry. It reads its configuration from the folder and the environment of its process. */
export async function act(folder: string): Promise<Contender> {
  process.chdir(folder)
  process.env['NODE_ENV'] = 'production'
  process.env['LOG_LEVEL'] = 'fatal'
  const load = await peerModules(folder)
  const core = await load<Core>('@rotorsoft/act')
  const { PostgresStore } = await load<Adapter>('@rotorsoft/act-pg')
  const { z } = await load<Zod>('zod')
  return {
    async open(url) {
      const { hostname, port, pathname, username, password } = new URL(url)
      const store = new PostgresStore({
        host: hostname,
        port: Number(port),
        database: pathname.slice(1),
        user: decodeURIComponent(username),
        password: decodeURIComponent(password),
        leaseMillis: LEASE_MS,
      })
      await store.seed()
      return {
        ...numbersIn(core, store),
        eventTables: ['public.events'],
        consume: async (_, handle) => consume(core, z, store, handle),
        close: () => store.dispose(),
      }
    },
    // The store of its port is the one in memory until another is set.
    openMemory: async () => ({ ...numbersIn(core, core.store()), close: async () => undefined }),
  }
}

function numbersIn(core: Core, store: Store): Omit<NumberLog, 'close'> {
  return {
    async append(streamId, expected, numbers): Promise<Appended> {
      const messages = numbers.map((number) => ({ name: 'Numbered', data: { number } }))
      try {
        // Its versions begin at 0.
        await store.commit(streamId, messages, { correlation: streamId, causation: {} }, expected - 1)
        return 'appended'
      } catch (error) {
        if (error instanceof core.ConcurrencyError) return 'conflict'
        throw error
      }
    },
    async read(stream) {
      const numbers: number[] = []
      await store.query(({ data }) => numbers.push(data.number), { stream })
      return numbers
    },
  }
}

/** There is one application a store, so the group has no name. Someone has to call `drain` over and over. */
function consume(
  core: Core,
  z: Zod['z'],
  store: Store,
  handle: (event: HandledNumber) => Promise<void>,
): RunningConsumer {
  core.store(store)
  const numbered = z.object({ number: z.number() })
  const numbers = core
    .state('Numbers', z.object({}))
    .init(() => ({}))
    .emits({ Numbered: numbered })
    .patch({ Numbered: () => ({}) })
    .on('add', numbered)
    .emit((action) => ['Numbered', action])
    .build()
  const app = core
    .act()
    .with(numbers)
    .on('Numbered')
    .do(({ stream, data }) => handle({ streamId: stream, number: data.number }))
    .build()
  let closed = false
  const drained = (async () => {
    while (!closed) if ((await app.drain()) === 0) await delay(DRAIN_PAUSE_MS)
  })()
  return {
    // This version has nothing to open a blocked stream with.
    resume: async () => undefined,
    async close() {
      closed = true
      await drained
    },
  }
}
