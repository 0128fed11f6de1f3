import type { EncodedEvent, EventStoreAdapter, NewEvent } from '@eventspine/core'
import type { MemoryDatabase } from '@eventspine/memory'

/*
 * Parts that packages do not export, since nobody but their own code should use them. To know what each costs they
 * are loaded from the built files that users get, by their place beside the entry.
 */

interface JsonModule {
  readonly encodeJson: (value: unknown, field: string) => string
}

interface EncodeEventModule {
  readonly encodeEvent: (event: NewEvent, field: string) => EncodedEvent
}

interface UuidModule {
  readonly uuidv7: () => string
}

interface PositionModule {
  readonly eventCheck: (id: string) => string
}

interface MemoryEventStoreModule {
  readonly MemoryEventStore: new (database: MemoryDatabase, documents: unknown) => EventStoreAdapter
}

interface MemoryDocumentStoreModule {
  readonly MemoryDocumentStore: new (database: MemoryDatabase) => unknown
}

export const { encodeJson } = await load<JsonModule>('@eventspine/core', 'json.js')
export const { encodeEvent } = await load<EncodeEventModule>('@eventspine/core', 'encode-event.js')
export const { uuidv7 } = await load<UuidModule>('@eventspine/core', 'uuid.js')
export const { eventCheck } = await load<PositionModule>('@eventspine/core', 'position.js')

const { MemoryEventStore } = await load<MemoryEventStoreModule>('@eventspine/memory', 'memory-event-store.js')
const { MemoryDocumentStore } = await load<MemoryDocumentStoreModule>(
  '@eventspine/memory',
  'memory-document-store.js',
)

/** What stands behind the wrapper of a memory backend. */
export function bareAdapter(database: MemoryDatabase): EventStoreAdapter {
  return new MemoryEventStore(database, new MemoryDocumentStore(database))
}

async function load<Module>(packageName: string, file: string): Promise<Module> {
  // A module that lacks what the type says makes its first use fail, which is the check there can be.
  return (await import(new URL(file, import.meta.resolve(packageName)).href)) as Module
}
