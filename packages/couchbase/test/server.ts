import type { Backend, EventStore, NewEvent } from '@eventspine/core'
import { ownKeyPrefix } from '@eventspine/servers'
import { type Cluster, type Collection, connect } from 'couchbase'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { couchbase, type StoreOptions } from '../src/index.ts'
import { REPLY_TIMEOUT_MS, serverUrl } from './backend.ts'
import { type Fate, type Operation, WatchedCollection } from './watched-collection.ts'

/** What a test leaves open, ended after it in reverse order. */
export function useEnds(): (end: () => unknown) => void {
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0).toReversed()) await end()
  })
  return (end) => void ends.push(end)
}

/** The bucket's default collection, through one client for all tests of a file. */
export function useCollection(): () => Collection {
  let cluster: Cluster | undefined
  let collection: Collection | undefined
  beforeAll(async () => {
    const { host, pathname, username, password } = new URL(serverUrl())
    cluster = await connect(`couchbase://${host}`, {
      username,
      password,
      timeouts: {
        bootstrapTimeout: REPLY_TIMEOUT_MS,
        connectTimeout: REPLY_TIMEOUT_MS,
        kvTimeout: REPLY_TIMEOUT_MS,
        kvDurableTimeout: REPLY_TIMEOUT_MS,
      },
    })
    collection = cluster.bucket(pathname.slice(1)).defaultCollection()
  })
  afterAll(() => cluster?.close())
  return () => {
    if (collection === undefined) throw new Error('there is no client yet')
    return collection
  }
}

export function ownPrefix(): string {
  return ownKeyPrefix(serverUrl()).prefix
}

/** A client of a store, whose operations are counted and may be lost. */
export interface Watched {
  readonly backend: Backend
  readonly store: EventStore
  readonly watched: WatchedCollection
}

/** Opens a store with keys of its own; opening itself is never disturbed. */
export async function openWatched(
  collection: Collection,
  options: StoreOptions & { readonly prefix: string },
  fateOf: (operation: Operation) => Fate = () => 'sent',
): Promise<Watched> {
  let isOpen = false
  let opening = 0
  const watched = new WatchedCollection(collection, (operation) => {
    if (!isOpen) return 'sent'
    return fateOf({ ...operation, number: operation.number - opening })
  })
  const backend = await couchbase({ collection: watched, create: true, pollIntervalMs: 1, ...options })
  opening = watched.operations.length
  isOpen = true
  return { backend, store: backend.store, watched }
}

export function counted(number: number): NewEvent<'Counted', { readonly number: number }> {
  return { id: crypto.randomUUID(), type: 'Counted', data: { number } }
}

/** What `work` was refused with. */
export async function refusedWith(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work()
  } catch (error) {
    return error
  }
  throw new Error('it was not refused')
}
