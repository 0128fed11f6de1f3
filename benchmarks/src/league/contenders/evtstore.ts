import { peerModules } from '../../peers/install-peer.ts'
import type { Appended, Contender, HandledNumber, NumberLog, RunningConsumer } from '../contender.ts'

const STREAM = 'numbers'

interface NumberEvent {
  readonly type: 'Numbered'
  readonly number: number
}

interface Provider {
  createEvents(stream: string, id: string, version: number, events: readonly NumberEvent[]): unknown[]
  append(stream: string, id: string, version: number, events: readonly unknown[]): Promise<unknown>
  getEventsFor(stream: string, id: string): Promise<readonly { readonly event: NumberEvent }[]>
}

interface Handler {
  handle(stream: string, type: string, handle: (id: string, event: NumberEvent) => Promise<void>): void
  start(): void
  stop(): void
}

interface Core {
  createHandler(options: object): Handler
  readonly VersionError: new () => Error
}

interface PgProvider {
  migrate(options: object): Promise<void>
  createProvider(options: object): Provider
}

interface MemoryProvider {
  createProvider(): Provider
}

interface PgModule {
  readonly default: {
    readonly Pool: new (options: object) => {
      query(text: string): Promise<{ readonly rowCount: number | null }>
      end(): Promise<void>
    }
  }
}

/** evtstore, by its providers: its commands would not let a version be chosen. */
export async function evtstore(folder: string): Promise<Contender> {
  const load = await peerModules(folder)
  const core = await load<Core>('evtstore')
  const pgProvider = await load<PgProvider>('evtstore/provider/pg.js')
  const memoryProvider = await load<MemoryProvider>('evtstore/provider/memory.js')
  const { Pool } = (await load<PgModule>('pg')).default
  return {
    async open(url) {
      const pool = new Pool({ connectionString: url, max: 10 })
      const names = { client: pool, events: 'events', bookmarks: 'bookmarks' }
      await pgProvider.migrate(names)
      const provider = pgProvider.createProvider({ ...names, limit: 100 })
      return {
        ...numbersIn(core, provider),
        eventTables: ['events'],
        consume: async (group, handle) => consume(core, provider, group, handle),
        close: () => pool.end(),
      }
    },
    openMemory: async () => ({
      ...numbersIn(core, memoryProvider.createProvider()),
      close: async () => undefined,
    }),
  }
}

function numbersIn(core: Core, provider: Provider): Omit<NumberLog, 'close'> {
  return {
    async append(id, expected, numbers): Promise<Appended> {
      const version = expected + 1
      const events = numbers.map((number): NumberEvent => ({ type: 'Numbered', number }))
      try {
        await provider.append(STREAM, id, version, provider.createEvents(STREAM, id, version, events))
        return 'appended'
      } catch (error) {
        if (error instanceof core.VersionError) return 'conflict'
        throw error
      }
    },
    async read(id) {
      const events = await provider.getEventsFor(STREAM, id)
      return events.map(({ event }) => event.number)
    },
  }
}

function consume(
  core: Core,
  provider: Provider,
  bookmark: string,
  handle: (event: HandledNumber) => Promise<void>,
): RunningConsumer {
  const handler = core.createHandler({ bookmark, streams: [STREAM], provider })
  handler.handle(STREAM, 'Numbered', (streamId, { number }) => handle({ streamId, number }))
  handler.start()
  return {
    // It tries again by itself, ten seconds after a failure.
    resume: async () => undefined,
    close: async () => handler.stop(),
  }
}
