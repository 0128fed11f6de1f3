import { peerModules } from '../../peers/install-peer.ts'
import {
  type Appended,
  type Contender,
  type HandledNumber,
  type NumberLog,
  parityOf,
  type RunningConsumer,
} from '../contender.ts'

const TYPE = 'Numbered'
const BOOKMARKS = '_handler_bookmarks'

interface Tags {
  readonly values: readonly string[]
}

interface NumberEvent {
  readonly tags: Tags
  readonly data: { readonly streamId: string; readonly number: number }
}

interface Sequenced {
  readonly event: NumberEvent
  readonly position: object
}

interface Store {
  ensureInstalled?(): Promise<void>
  append(command: object): Promise<unknown>
  read(query: unknown): AsyncIterable<Sequenced>
}

interface Core {
  readonly Tags: { from(values: readonly string[]): Tags }
  readonly Query: { fromItems(items: readonly object[]): unknown }
  readonly AppendConditionError: new () => Error
  readonly MemoryEventStore: new () => Store
}

interface Adapter {
  readonly PostgresEventStore: new (options: object) => Store
  runHandler(options: object): { readonly promise: Promise<void> }
  ensureHandlersInstalled(pool: unknown, names: readonly string[], table: string): Promise<void>
}

interface PgModule {
  readonly default: { readonly Pool: new (options: object) => { end(): Promise<void> } }
}

/** dcb-es: a stream is a tag here, and its version the position of its last event as the caller read it. */
export async function dcbEs(folder: string): Promise<Contender> {
  const load = await peerModules(folder)
  const core = await load<Core>('@dcb-es/event-store')
  const adapter = await load<Adapter>('@dcb-es/event-store-postgres')
  const { Pool } = (await load<PgModule>('pg')).default
  return {
    async open(url) {
      const pool = new Pool({ connectionString: url, max: 10 })
      const store = new adapter.PostgresEventStore({ pool })
      await store.ensureInstalled?.()
      return {
        ...numbersIn(core, store),
        eventTables: ['events'],
        async consume(group, handle) {
          await adapter.ensureHandlersInstalled(pool, [group], BOOKMARKS)
          return consume((signal) => runHandler(adapter, store, pool, group, handle, signal))
        },
        close: () => pool.end(),
      }
    },
    openMemory: async () => ({
      ...numbersIn(core, new core.MemoryEventStore()),
      close: async () => undefined,
    }),
  }
}

function numbersIn(core: Core, store: Store): Omit<NumberLog, 'close'> {
  const query = (...tags: readonly string[]): unknown =>
    core.Query.fromItems([{ types: [TYPE], tags: core.Tags.from(tags) }])
  const read = async (...tags: readonly string[]): Promise<readonly Sequenced[]> => {
    const found: Sequenced[] = []
    for await (const event of store.read(query(...tags))) found.push(event)
    return found
  }
  const numbersOf = (found: readonly Sequenced[]): readonly number[] =>
    found.map(({ event }) => event.data.number)
  return {
    async append(streamId, expected, numbers): Promise<Appended> {
      const last = expected === 0 ? undefined : (await read(streamTag(streamId)))[expected - 1]
      if (expected > 0 && last === undefined) return 'not expressible'
      const events = numbers.map((number) => {
        const tags = core.Tags.from([streamTag(streamId), parityTag(number)])
        return { type: TYPE, tags, data: { streamId, number }, metadata: {} }
      })
      const after = last === undefined ? {} : { after: last.position }
      try {
        await store.append({
          events,
          condition: { failIfEventsMatch: query(streamTag(streamId)), ...after },
        })
        return 'appended'
      } catch (error) {
        if (error instanceof core.AppendConditionError) return 'conflict'
        throw error
      }
    },
    read: async (streamId) => numbersOf(await read(streamTag(streamId))),
    readByTags: async (streamId, parity) => numbersOf(await read(streamTag(streamId), `parity=${parity}`)),
  }
}

function runHandler(
  adapter: Adapter,
  eventStore: Store,
  pool: unknown,
  handlerName: string,
  handle: (event: HandledNumber) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const handler = { when: { [TYPE]: ({ event }: Sequenced) => handle(event.data) } }
  return adapter.runHandler({ pool, eventStore, handlerName, handlerFactory: () => handler, signal }).promise
}

/** It rejects where a handler does, and leaves it to its caller to start again. */
function consume(run: (signal: AbortSignal) => Promise<void>): RunningConsumer {
  const start = () => {
    const abort = new AbortController()
    return { abort, ended: run(abort.signal).catch((error: unknown) => error) }
  }
  let running = start()
  const stop = async (): Promise<void> => {
    running.abort.abort()
    await running.ended
  }
  return {
    async resume() {
      await stop()
      running = start()
    },
    close: stop,
  }
}

function streamTag(streamId: string): string {
  return `stream=${streamId}`
}

function parityTag(number: number): string {
  return `parity=${parityOf(number)}`
}
