import { type Backend, EventStoreError, type EventStore, type RecordedEvent } from '@eventspine/core'
import { memory } from '@eventspine/memory'
import { postgres } from '@eventspine/postgres'
import { Pool } from 'pg'
import type { Appended, Contender, ContenderStore, HandledNumber, NumberLog } from '../contender.ts'

const POOL_SIZE = 10
/** Of a store whose owner is about to be killed: what the others take over after, at most. */
const LEASE_MS = 2000
/** A trial lets appends wait for what it has put in their way. */
const LOCK_TIMEOUT_MS = 60_000

interface NumberData {
  readonly number: number
}

/** Our own. */
export const eventspine: Contender = {
  async open(url): Promise<ContenderStore> {
    const pool = new Pool({ connectionString: url, max: POOL_SIZE })
    // An idle connection that breaks is replaced; the trial that kills one looks at what is stored.
    pool.on('error', () => undefined)
    const backend = await postgres({ pool, create: true, lockTimeoutMs: LOCK_TIMEOUT_MS })
    return {
      ...numbersIn(backend.store),
      eventTables: ['eventspine.events'],
      consume: (group, handle) => consume(backend, group, handle),
      appendWithin: (client, streamId, expected, numbers) =>
        append(backend.within(client).store, streamId, expected, numbers),
      async close() {
        await backend.close()
        await pool.end()
      },
    }
  },
  async openMemory() {
    const backend = memory()
    return { ...numbersIn(backend.store), close: () => backend.close() }
  },
}

function numbersIn(store: EventStore): Omit<NumberLog, 'close'> {
  return {
    append: (streamId, expected, numbers) => append(store, streamId, expected, numbers),
    async read(streamId) {
      const events = await store.read(streamId).toArray()
      return events.map(numberOf)
    },
  }
}

async function append(
  store: EventStore,
  streamId: string,
  expected: number,
  numbers: readonly number[],
): Promise<Appended> {
  try {
    await store.append(
      streamId,
      numbers.map((number) => ({ type: 'Numbered', data: { number } satisfies NumberData })),
      { expectedVersion: expected === 0 ? 'none' : expected },
    )
    return 'appended'
  } catch (error) {
    if (EventStoreError.is(error, 'VERSION_CONFLICT')) return 'conflict'
    throw error
  }
}

async function consume({ stream }: Backend, group: string, handle: (event: HandledNumber) => Promise<void>) {
  const subscription = await stream.subscribe({
    group,
    leaseMs: LEASE_MS,
    handlers: (event) => handle({ streamId: event.streamId, number: numberOf(event) }),
    // Parking is what a trial is about, and its verdict tells of it.
    onNotice: () => undefined,
  })
  return {
    async resume() {
      const parked = await stream.group(group).parked()
      for (const { streamId } of parked) await stream.group(group).replay(streamId)
    },
    close: () => subscription.stop(),
  }
}

function numberOf({ data }: RecordedEvent): number {
  // Nobody else writes into the database of a trial.
  return (data as NumberData).number
}
