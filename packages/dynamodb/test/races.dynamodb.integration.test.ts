import { createHash } from 'node:crypto'
import { type EventStore, EventStoreError } from '@eventspine/core'
import { expect, it } from 'vitest'
import { openProxied, useEnds, counted } from './server.ts'

const onEnd = useEnds()
const SEED = 'races'
const STREAMS = 5
const APPENDS = 10
/** The tests wait for nothing but the emulator, which a busy machine slows down. */
const TIMEOUT_MS = 240_000

/** Numbers from 0 to 1 that are the same in every run. */
function drawing(): () => number {
  let drawn = 0
  return () => createHash('sha256').update(`${SEED}/${drawn++}`).digest().readUInt32BE() / 2 ** 32
}

it(
  'loses and doubles nothing when several writers meet lost replies, conflicts and throttling',
  async () => {
    const { proxy, backend, beside } = await openProxied(onEnd)
    const clients = [backend.store, (await beside()).store, (await beside()).store]
    const draw = drawing()
    const met = { lost: 0, conflicts: 0, throttled: 0 }
    proxy.decide(({ operation }) => {
      if (operation !== 'TransactWriteItems') return undefined
      const fate = draw()
      if (fate < 0.15) {
        met.lost++
        return 'lose-reply'
      }
      if (fate < 0.3) {
        met.conflicts++
        return { conflictAt: [0] }
      }
      if (fate < 0.4) {
        met.throttled++
        return { error: 'ProvisionedThroughputExceededException' }
      }
      return undefined
    })
    const acknowledged = new Set<string>()
    const write = async (store: EventStore, writer: number): Promise<void> => {
      for (let number = 0; number < APPENDS; number++) {
        const streamId = `counter:${(writer + number) % STREAMS}`
        const id = `00000000-0000-4000-8000-${String(writer * 1000 + number).padStart(12, '0')}`
        for (;;) {
          const { version } = await store.head(streamId)
          try {
            // Exact, so that a repeat after an unknown outcome is recognised.
            await store.append(streamId, [{ ...counted(number), id }], { expectedVersion: version })
            break
          } catch (error) {
            if (EventStoreError.is(error, 'VERSION_CONFLICT')) continue
            if (!EventStoreError.is(error) || error.outcome !== 'unknown') throw error
            const stored = await store.read(streamId).toArray()
            if (stored.some((event) => event.id === id)) break
          }
        }
        acknowledged.add(id)
      }
    }
    await Promise.all(clients.map(write))
    await proxy.pass()
    expect(Object.values(met).every((count) => count > 0)).toBe(true)
    for (const store of clients) {
      const feed = await store.feed({ pageSize: 17 }).toArray()
      expect(feed.map(({ id }) => id).sort()).toEqual([...acknowledged].sort())
      expect(feed.map(({ position }) => Number(position.split('.')[2]))).toEqual(
        feed.map((_, index) => index + 1),
      )
      for (let stream = 0; stream < STREAMS; stream++) {
        const streamId = `counter:${stream}`
        const events = await store.read(streamId).toArray()
        expect(events.map(({ streamPosition }) => streamPosition)).toEqual(
          events.map((_, index) => index + 1),
        )
        expect(events.map(({ id }) => id)).toEqual(
          feed.filter((event) => event.streamId === streamId).map(({ id }) => id),
        )
      }
    }
  },
  TIMEOUT_MS,
)

it(
  'lets a writer in that comes to one which writes without a break',
  async () => {
    const { backend, beside } = await openProxied(onEnd)
    const other = (await beside()).store
    let isIn = false
    const busy = Array.from({ length: 8 }, async (_, writer) => {
      for (let number = 0; !isIn; number++) await backend.store.append(`counter:${writer}`, [counted(number)])
    })
    const coming = (async () => {
      for (let number = 0; number < 5; number++) await other.append('counter:other', [counted(number)])
      isIn = true
    })()
    await Promise.all([coming.finally(() => (isIn = true)), ...busy])
    expect((await other.head('counter:other')).version).toBe(5)
  },
  TIMEOUT_MS,
)
