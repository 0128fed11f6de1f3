import { type EventStore, EventStoreError, type ImportEvent, type NewEvent } from '@eventspine/core'
import { describe, expect, it } from 'vitest'
import { consistentIds } from './consistency.ts'
import { counted, openWatched, ownPrefix, useCollection } from './server.ts'
import type { Fate } from './watched-collection.ts'

const collection = useCollection()

const STREAM = 'counter:1'
const OTHER = 'counter:2'
/** Of a size that some of them fill a page. */
const PADDING = 'x'.repeat(50_000)

function padded(number: number): NewEvent {
  return { ...counted(number), data: { number, PADDING } }
}

interface Scenario {
  /** Until it is finished, it may be seen in a part of what it removes. */
  readonly removes?: boolean
  readonly before: (store: EventStore) => Promise<void>
  /** What breaks off somewhere; it can be repeated. */
  readonly act: (store: EventStore) => Promise<unknown>
  /** What is there once it was repeated. */
  readonly after: (store: EventStore) => Promise<void>
}

async function versionsOf(store: EventStore, streamId: string): Promise<readonly number[]> {
  return (await store.read(streamId).toArray()).map(({ streamPosition }) => streamPosition)
}

function appending(): Scenario {
  const events = [counted(2), counted(3)]
  return {
    before: async (store) => void (await store.append(STREAM, [counted(1)])),
    act: (store) => store.append(STREAM, events, { expectedVersion: 1 }),
    after: async (store) => {
      expect((await store.read(STREAM).toArray()).map(({ id }) => id).slice(1)).toEqual(
        events.map(({ id }) => id),
      )
    },
  }
}

function turningPages(): Scenario {
  const events = Array.from({ length: 4 }, (_, number) => padded(number))
  return {
    before: async (store) => void (await store.append(OTHER, [padded(1), padded(2)])),
    act: async (store) => {
      for (const [index, event] of events.entries())
        await store.append(STREAM, [event], { expectedVersion: index })
    },
    after: async (store) => expect(await versionsOf(store, STREAM)).toEqual([1, 2, 3, 4]),
  }
}

function truncating(): Scenario {
  return {
    removes: true,
    before: async (store) => {
      for (const numbers of [[1], [2, 3, 4], [5]]) await store.append(STREAM, numbers.map(counted))
      await store.append(OTHER, [counted(1)])
    },
    act: (store) => store.truncate(STREAM, { before: 4 }),
    after: async (store) => expect(await versionsOf(store, STREAM)).toEqual([4, 5]),
  }
}

function deleting(): Scenario {
  return {
    removes: true,
    before: async (store) => {
      for (const numbers of [[1], [2, 3]]) await store.append(STREAM, numbers.map(counted))
      await store.append(OTHER, [counted(1)])
    },
    act: (store) => store.delete(STREAM),
    after: async (store) => {
      expect(await store.head(STREAM)).toMatchObject({ version: 3, deleted: true, firstVersion: 4 })
      expect(await versionsOf(store, STREAM)).toEqual([])
    },
  }
}

function importing(): Scenario {
  const streams = [STREAM, OTHER, STREAM, OTHER, OTHER]
  const versions = new Map<string, number>()
  const events = streams.map((streamId, index): ImportEvent => {
    const streamPosition = (versions.get(streamId) ?? 4) + 1
    versions.set(streamId, streamPosition)
    const { id = '', type, data } = counted(index)
    const timestamp = new Date(Date.UTC(2001, 0, index + 1)).toISOString()
    return { id, type, data, streamId, streamPosition, schemaVersion: 1, timestamp, metadata: {} }
  })
  return {
    before: () => Promise.resolve(),
    act: (store) => store.import(events),
    after: async (store) => {
      expect((await store.feed().toArray()).map(({ id }) => id)).toEqual(events.map(({ id }) => id))
    },
  }
}

function sealing(): Scenario {
  return {
    before: async (store) => void (await store.append(STREAM, [counted(1)])),
    act: (store) => store.seal(0),
    after: async (store) => {
      const refused = await store.append(STREAM, [counted(2)]).catch((error: unknown) => error)
      expect(EventStoreError.is(refused, 'PARTITION_SEALED')).toBe(true)
      await store.seal(0, false)
      await store.append(OTHER, [counted(1)])
    },
  }
}

const SCENARIOS = { appending, turningPages, truncating, deleting, importing, sealing }

/** Lets a writer die at its `step`th operation. Returns whether it came so far. */
async function dieAt(make: () => Scenario, step: number, fate: Fate): Promise<boolean> {
  const { before, act, after, removes } = make()
  const prefix = ownPrefix()
  const helper = await openWatched(collection(), { prefix })
  await before(helper.store)
  let dead = false
  const writer = await openWatched(collection(), { prefix }, ({ number }) => {
    const first = number === step
    dead ||= first
    // A process that died sends nothing any more.
    return first ? fate : dead ? 'not-sent' : 'sent'
  })
  const told = await act(writer.store).then(
    () => 'done',
    (error: unknown) => error,
  )
  if (told !== 'done') expect(EventStoreError.is(told), String(told)).toBe(true)
  const reader = await openWatched(collection(), { prefix })
  const seen = (await reader.store.feed().toArray()).map(({ id }) => id)
  await Promise.all(writer.watched.late)
  if (removes !== true) {
    const ids = await consistentIds(reader.store, [STREAM, OTHER])
    expect(ids.slice(0, seen.length), 'nothing changes below what a reader saw').toEqual(seen)
  }
  if (told === 'done') await after(reader.store)
  const again = await openWatched(collection(), { prefix })
  await act(again.store)
  await after(again.store)
  const ids = await consistentIds(helper.store, [STREAM, OTHER])
  expect(new Set(ids).size).toBe(ids.length)
  if (removes !== true) expect(ids.slice(0, seen.length)).toEqual(seen)
  await helper.store.append('counter:3', [counted(1)])
  expect((await helper.store.feed().toArray()).at(-1)?.streamId).toBe('counter:3')
  return dead
}

describe.each(Object.keys(SCENARIOS) as readonly (keyof typeof SCENARIOS)[])('%s', (name) => {
  it.each(['not-sent', 'reply-lost', 'late'] as const)(
    'is whole or not there, and finished by a repeat, when its writer dies anywhere (%s)',
    async (fate) => {
      let step = 1
      while (await dieAt(SCENARIOS[name], step, fate)) step++
      expect(step).toBeGreaterThan(3)
    },
    300_000,
  )
})
