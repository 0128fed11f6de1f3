import { peerModules } from '../../peers/install-peer.ts'
import type { Appended, Contender, NumberLog } from '../contender.ts'

interface NumberDetail {
  readonly aggregateId: string
  readonly version: number
  readonly type: 'Numbered'
  readonly payload: { readonly number: number }
}

interface Store {
  pushEvent(event: NumberDetail): Promise<unknown>
  groupEvent(event: NumberDetail): unknown
  getEvents(aggregateId: string): Promise<{ readonly events: readonly NumberDetail[] }>
}

interface Core {
  readonly EventStore: {
    new (options: object): Store
    pushEventGroup(...events: readonly unknown[]): Promise<unknown>
  }
  isEventAlreadyExistsError(error: unknown): boolean
}

interface PostgresModule {
  readonly PostgresEventStorageAdapter: {
    new (options: object): object
    createEventTable(options: object): Promise<unknown>
  }
}

interface MemoryModule {
  readonly InMemoryEventStorageAdapter: new () => object
}

/** Castore. It has a bus to publish to after an append, and no feed of what is stored. */
export async function castore(folder: string): Promise<Contender> {
  const load = await peerModules(folder)
  const core = await load<Core>('@castore/core')
  const { PostgresEventStorageAdapter } = await load<PostgresModule>(
    '@castore/event-storage-adapter-postgres',
  )
  const { InMemoryEventStorageAdapter } = await load<MemoryModule>('@castore/event-storage-adapter-in-memory')
  return {
    async open(connectionString) {
      try {
        const aggregateId = { type: 'VARCHAR', length: 255 }
        await PostgresEventStorageAdapter.createEventTable({ connectionString, aggregateId })
      } catch (error) {
        // It was opened before: the function has no form for a table that may be there.
        if (!(error instanceof Error && 'code' in error && error.code === '42P07')) throw error
      }
      return {
        ...numbersIn(core, new PostgresEventStorageAdapter({ connectionString })),
        eventTables: ['event'],
      }
    },
    openMemory: async () => numbersIn(core, new InMemoryEventStorageAdapter()),
  }
}

function numbersIn(core: Core, eventStorageAdapter: object): NumberLog {
  const store = new core.EventStore({
    eventStoreId: 'numbers',
    eventTypes: [],
    reducer: (state: unknown) => state,
    eventStorageAdapter,
  })
  return {
    async append(aggregateId, expected, numbers): Promise<Appended> {
      const [first, ...rest] = numbers.map((number, index): NumberDetail => {
        return { aggregateId, version: expected + 1 + index, type: 'Numbered', payload: { number } }
      })
      if (first === undefined) return 'appended'
      try {
        if (rest.length === 0) await store.pushEvent(first)
        else await core.EventStore.pushEventGroup(...[first, ...rest].map((event) => store.groupEvent(event)))
        return 'appended'
      } catch (error) {
        if (core.isEventAlreadyExistsError(error)) return 'conflict'
        throw error
      }
    },
    async read(aggregateId) {
      const { events } = await store.getEvents(aggregateId)
      return events.map(({ payload }) => payload.number)
    },
    // The client that it made cannot be closed; the process of the trial ends with it.
    close: async () => undefined,
  }
}
