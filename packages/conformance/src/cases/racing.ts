import assert from 'node:assert/strict'
import { type AppendResult, EventStoreError, type EventStore, type ExpectedVersion } from '@eventspine/core'
import type { Case, TestBackend } from '../kit.ts'
import { numberOf, sampleEvent } from '../sample-events.ts'

const RACERS = 12
const ROUNDS = 8

/** Two clients of the store, each with connections of its own where there are any. */
async function clientsOf(test: TestBackend): Promise<readonly [EventStore, EventStore]> {
  return [test.backend.store, (await test.sibling()).store]
}

/** Lets racers run at once, half of them from each client, and returns what became of each. */
function race(
  clients: readonly [EventStore, EventStore],
  streamOf: (racer: number) => string,
  expectedVersion: ExpectedVersion,
): Promise<readonly PromiseSettledResult<AppendResult>[]> {
  return Promise.allSettled(
    Array.from({ length: RACERS }, (_, racer) =>
      clients[racer % 2 === 0 ? 0 : 1].append(streamOf(racer), [sampleEvent(racer)], { expectedVersion }),
    ),
  )
}

function assertOneWinner(results: readonly PromiseSettledResult<AppendResult>[]): number {
  const winners = results.flatMap((result, racer) => (result.status === 'fulfilled' ? [racer] : []))
  assert.equal(winners.length, 1, `${winners.length} of ${results.length} racers won`)
  for (const result of results) {
    if (result.status === 'fulfilled') continue
    const error: unknown = result.reason
    assert.ok(EventStoreError.is(error, 'VERSION_CONFLICT'), `a loser got ${String(error)}`)
    assert.equal(error.outcome, 'not-applied')
  }
  return winners[0] ?? -1
}

export const racingCases: readonly Case[] = [
  {
    id: 'racing/exact-version',
    laws: ['A4', 'A3'],
    title: 'lets exactly one of many racers of two clients win at a version, and the losers write nothing',
    async run({ open }) {
      const clients = await clientsOf(await open())
      const winners: number[] = []
      for (let version = 0; version < ROUNDS; version++) {
        winners.push(assertOneWinner(await race(clients, () => 'counter:raced', version)))
      }
      const events = await clients[0].read('counter:raced').toArray()
      assert.deepEqual(events.map(numberOf), winners)
      assert.equal((await clients[1].feed().toArray()).length, ROUNDS)
    },
  },
  {
    id: 'racing/creation',
    laws: ['A4', 'A3'],
    title: 'lets exactly one of many racers create a stream',
    async run({ open }) {
      const clients = await clientsOf(await open())
      for (let round = 0; round < ROUNDS; round++) {
        const streamId = `counter:created-${round}`
        const winner = assertOneWinner(await race(clients, () => streamId, round % 2 === 0 ? 'none' : 0))
        assert.deepEqual((await clients[1].read(streamId).toArray()).map(numberOf), [winner])
      }
    },
  },
  {
    id: 'racing/any',
    laws: ['A2', 'A3', 'F4'],
    title: 'lets all racers that expect nothing succeed, each once, at contiguous versions',
    async run({ open }) {
      const clients = await clientsOf(await open())
      const appends = Array.from({ length: 60 }, (_, racer) =>
        clients[racer % 2 === 0 ? 0 : 1].append('counter:shared', [sampleEvent(racer), sampleEvent(racer)]),
      )
      const versions = (await Promise.all(appends)).map(({ version }) => version)
      assert.deepEqual(
        versions.toSorted((a, b) => a - b),
        Array.from({ length: 60 }, (_, index) => 2 * (index + 1)),
      )
      const events = await clients[0].read('counter:shared').toArray()
      assert.deepEqual(
        events.map((event) => event.streamPosition),
        Array.from({ length: 120 }, (_, index) => index + 1),
      )
      for (const [racer, version] of versions.entries()) {
        const pair = events.slice(version - 2, version)
        assert.deepEqual(
          pair.map(numberOf),
          [racer, racer],
          'the events of an append stand where it was told',
        )
      }
    },
  },
  {
    id: 'racing/streams',
    laws: ['A3', 'A4'],
    title: 'does not make racers on different streams conflict',
    async run({ open }) {
      const clients = await clientsOf(await open({ partitions: 4 }))
      for (let version = 0; version < ROUNDS; version++) {
        const results = await race(clients, (racer) => `counter:lane-${racer}`, version)
        for (const result of results) {
          if (result.status === 'rejected') throw result.reason
          assert.equal(result.value.version, version + 1)
        }
      }
    },
  },
  {
    id: 'racing/no-lost-update',
    laws: ['A4', 'A2', 'R1'],
    title: 'loses no update when writers read, decide, append at that version and try again on a conflict',
    async run({ open }) {
      const clients = await clientsOf(await open())
      const increments = 12
      const writers = 6
      const increment = async (store: EventStore): Promise<void> => {
        for (;;) {
          const [last] = await store.read('counter:sum', { direction: 'backward', limit: 1 }).toArray()
          const version = last?.streamPosition ?? 0
          try {
            const next = last === undefined ? 1 : numberOf(last) + 1
            await store.append('counter:sum', [sampleEvent(next)], { expectedVersion: version })
            return
          } catch (error) {
            if (!EventStoreError.is(error, 'VERSION_CONFLICT')) throw error
          }
        }
      }
      await Promise.all(
        Array.from({ length: writers }, async (_, writer) => {
          for (let done = 0; done < increments; done++) await increment(clients[writer % 2 === 0 ? 0 : 1])
        }),
      )
      const events = await clients[0].read('counter:sum').toArray()
      assert.deepEqual(
        events.map(numberOf),
        Array.from({ length: writers * increments }, (_, index) => index + 1),
      )
    },
  },
]
