import { randomUUID } from 'node:crypto'
import type {
  AppendOptions,
  Commit,
  EncodedEvent,
  EventStore,
  EventStoreAdapter,
  NewEvent,
} from '@eventspine/core'
import { memory, MemoryDatabase } from '@eventspine/memory'
import type { Candidate } from '../harness/compare.ts'
import { localSession } from '../harness/session.ts'
import { appendSession } from '../workload/append-session.ts'
import {
  ORDER_PLACED,
  type OrderData,
  orderData,
  orderEvent,
  orderMetadata,
} from '../workload/order-event.ts'
import type { StoredStream } from '../workload/owned-streams.ts'
import { ForgetfulAdapter } from './forgetful-adapter.ts'
import { bareAdapter } from './internals.ts'

const LOCK_TIMEOUT_MS = 2000

/** Makes what an adapter is given of one event. */
export type Encode = (number: number) => EncodedEvent

/** Something that appends orders: a store, or a contract's view of it. */
export interface OrderStore {
  append(
    streamId: string,
    events: readonly NewEvent<typeof ORDER_PLACED, OrderData>[],
    options: AppendOptions,
  ): Promise<unknown>
}

/** What is appended to, in each slice anew. */
export interface Place {
  readonly adapter: Pick<EventStoreAdapter, 'doAppend'>
  readonly store: EventStore
  stored(): readonly StoredStream[]
}

/** The memory backend as users have it. */
export function memoryPlace(): Place {
  const database = new MemoryDatabase()
  return {
    adapter: bareAdapter(database),
    store: memory({ database }).store,
    stored: () =>
      Array.from(database.streams, ([id, { rows, committed }]) => ({
        id,
        events: committed,
        lastVersion: rows.at(-1)?.version ?? 0,
      })),
  }
}

const { capabilities } = memory()

/** An adapter that stores nothing, with the manifest of the memory adapter. */
export function forgetfulPlace(): Place {
  const adapter = new ForgetfulAdapter()
  return { adapter, store: adapter.backend(capabilities).store, stored: () => adapter.stored() }
}

/** The bare adapter, called as the wrapper calls it: the least that has to be done. */
export function bareCandidate(
  name: string,
  eventsPerAppend: number,
  open: () => Place,
  encode: Encode = encodeNow,
): Candidate {
  return appending(name, eventsPerAppend, open, ({ adapter }) => async (streamId, expectedVersion, first) => {
    const events = Array.from({ length: eventsPerAppend }, (_, index) => encode(first + index))
    const commit: Commit = { appends: [{ streamId, partition: 0, expectedVersion, events }], documents: [] }
    const [outcome] = await adapter.doAppend([commit], LOCK_TIMEOUT_MS)
    if (outcome?.ok !== true) throw new Error('the adapter refused a commit', { cause: outcome?.error })
  })
}

/** The store that users hold, or what `wrap` makes of it. */
export function storeCandidate(
  name: string,
  eventsPerAppend: number,
  open: () => Place,
  wrap: (store: EventStore) => OrderStore = (store) => store,
): Candidate {
  return appending(name, eventsPerAppend, open, ({ store }) => {
    const orders = wrap(store)
    return async (streamId, expectedVersion, first) => {
      const events = Array.from({ length: eventsPerAppend }, (_, index) => orderEvent(first + index))
      await orders.append(streamId, events, { expectedVersion })
    }
  })
}

/** What has to be done for each event by whoever calls the adapter. */
function encodeNow(number: number): EncodedEvent {
  return {
    id: randomUUID(),
    type: ORDER_PLACED,
    schemaVersion: 1,
    codec: 0,
    data: JSON.stringify(orderData(number)),
    metadata: JSON.stringify(orderMetadata(number)),
  }
}

const ready = encodeNow(0)

/** An event that was encoded long ago. */
export const encodedBefore: Encode = () => ready

type Append = (streamId: string, expectedVersion: number, firstNumber: number) => Promise<void>

function appending(
  name: string,
  eventsPerAppend: number,
  open: () => Place,
  start: (place: Place) => Append,
): Candidate {
  return {
    name,
    async open(concurrency) {
      const place = open()
      const append = start(place)
      const appender = {
        append: ({ id, version }: { id: string; version: number }, firstNumber: number) =>
          append(id, version, firstNumber),
        stored: async () => place.stored(),
        close: async () => undefined,
      }
      return localSession(appendSession(appender, concurrency, eventsPerAppend))
    },
  }
}
