import { EventStoreError } from '@eventspine/core'
import { memory, MemoryDatabase, MemoryLogDatabase } from '@eventspine/memory'
import { describe, expect, it } from 'vitest'
import { relay, relayOnce, type Relay } from '../src/index.ts'
import { type Breakage, type Doom, DoomedProcess, type Fate } from './doomed-process.ts'
import { relayed } from './relayed.ts'

/*
 * A relay meets its fate at every single call that it makes, before the call took effect and after: then another
 * takes its place, and the one that was only paused wakes up beside it. Readers of the target must find every event
 * once, in the order of the source.
 */

const name = 'crashing'
const PARTITIONS = 2
const OPTIONS = { name, batchEvents: 4, leaseMs: 100, onNotice: () => undefined } as const
const ROUNDS_AT_ONCE = 40

async function filled(): Promise<MemoryDatabase> {
  const database = new MemoryDatabase({ partitions: PARTITIONS })
  await append(database, 1)
  return database
}

async function append(database: MemoryDatabase, from: number): Promise<void> {
  const { store } = memory({ database })
  for (let stream = 0; stream < 5; stream++) {
    const events = [0, 1, 2].map((index) => ({ type: 'Counted', data: from + index }))
    await store.append(`counter:${stream}`, events)
  }
}

const startIn = ({ source, target }: DoomedProcess, leased: boolean): Relay =>
  relay(leased ? source : source.store, target, OPTIONS)

const runIn = ({ source, target }: DoomedProcess, leased: boolean) =>
  relayOnce(leased ? source : source.store, target, { ...OPTIONS, budgetMs: 60_000 })

/** @returns whether the fate was met: past the last call that a relay makes it is not. */
async function round(doom: Doom, leased: boolean, breakage?: Breakage): Promise<boolean> {
  const database = await filled()
  const log = new MemoryLogDatabase()
  const doomed = new DoomedProcess(database, log, doom, breakage)
  const first = startIn(doomed, leased)
  const ended = headsOf(database)
    .then((heads) => first.caughtUpTo(heads))
    .then(() => first.stop())
  await (doom.fate === 'failed' ? ended : Promise.race([ended, doomed.strike()]))
  await append(database, 4)
  if (doomed.struck && doom.fate !== 'failed') {
    const successor = new DoomedProcess(database, log)
    await runIn(successor, leased)
    await append(database, 7)
    doomed.wake()
    await runIn(successor, leased).catch((error: unknown) => {
      // The one that woke up may open a session as the last thing it does; without a lease that is its right.
      if (leased || !EventStoreError.is(error, 'LEASE_LOST')) throw error
    })
  }
  doomed.bury()
  await Promise.allSettled([ended, first.stop()])
  await runIn(new DoomedProcess(database, log), leased)
  const { found, expected } = relayed(database, log)
  expect({ doom, found }).toEqual({ doom, found: expected })
  return doomed.struck
}

async function headsOf(database: MemoryDatabase): Promise<string> {
  const { store } = memory({ database })
  const heads = database.partitions.map((_, partition) => store.feedHead(partition))
  return (await Promise.all(heads)).join(',')
}

/** Rounds at call 1, 2, 3 …, until no call is left at which anything could happen. */
async function everyCall(fate: Fate, leased: boolean, breakage?: Breakage): Promise<number> {
  let rounds = 0
  for (let call = 1; ; call += ROUNDS_AT_ONCE) {
    const met = await Promise.all(
      Array.from({ length: ROUNDS_AT_ONCE }, async (_, index) => {
        const outcomes = await Promise.all(
          (['before', 'after'] as const).map((moment) =>
            round({ fate, call: call + index, moment }, leased, breakage),
          ),
        )
        return outcomes.filter(Boolean).length
      }),
    )
    rounds += met.reduce((sum, count) => sum + count, 0)
    if (met.includes(0)) return rounds
  }
}

describe.each([
  ['with a lease in the documents of the source', true],
  ['without documents', false],
])('a relay %s', (_, leased) => {
  it.each(['killed', 'paused', 'failed'] as const)(
    'that is %s at any call leaves every event once and in order',
    async (fate) => {
      const rounds = await everyCall(fate, leased)
      expect(rounds).toBeGreaterThan(20)
    },
    120_000,
  )
})

describe('the rounds notice a target on which', () => {
  it.each([
    ['sessions are not fenced', 'paused'],
    ['the position follows in a second step', 'killed'],
  ] as const)(
    '%s',
    async (breakage, fate) => {
      await expect(everyCall(fate, false, breakage)).rejects.toThrow(/expected/)
    },
    120_000,
  )
})
