import assert from 'node:assert/strict'
import { type EventStore, EventStoreError, type RecordedEvent } from '@eventspine/core'
import { alongside } from '../alongside.ts'
import { eventually } from '../eventually.ts'
import { Follower } from '../follower.ts'
import type { Case, TestBackend } from '../kit.ts'
import { numberOf, sampleEvent, sampleEvents } from '../sample-events.ts'
import { besideTransaction, holdOpen } from './busy.ts'

const PARTITIONS = 2

/** Writers of all sorts at once: single events, commits, conflicts, aborts. Returns the acknowledged ids. */
async function writeAtOnce(clients: readonly EventStore[], commits: number): Promise<ReadonlySet<string>> {
  const acknowledged = new Set<string>()
  await Promise.all(
    clients.map(async (store, writer) => {
      for (let number = 0; number < commits; number++) {
        const pending = [0, 1, 2].map(async (stream) => {
          const events = sampleEvents(1 + ((number + stream) % 4))
          const expectedVersion = stream === 2 && number % 3 === 0 ? 'none' : 'any'
          try {
            await store.append(`counter:${(writer + stream * number) % 7}`, events, { expectedVersion })
            for (const { id } of events) acknowledged.add(id)
          } catch (error) {
            if (!EventStoreError.is(error, 'VERSION_CONFLICT')) throw error
          }
        })
        await Promise.all(pending)
      }
    }),
  )
  return acknowledged
}

async function scan(store: EventStore, partitions: number): Promise<readonly RecordedEvent[]> {
  const feeds = await Promise.all(
    Array.from({ length: partitions }, (_, partition) => store.feed({ partition }).toArray()),
  )
  return feeds.flat()
}

async function clientsOf(test: TestBackend, count: number): Promise<readonly EventStore[]> {
  const siblings = await Promise.all(Array.from({ length: count - 1 }, () => test.sibling()))
  return [test.backend.store, ...siblings.map(({ store }) => store)]
}

export const feedRacingCases: readonly Case[] = [
  {
    id: 'feed-racing/no-late-arrival',
    laws: ['F3', 'F4', 'F2'],
    title:
      'lets nothing appear at or below a position once seen, and every commit once, under concurrent writers',
    timeoutMs: 120_000,
    async run({ open }) {
      for (const partitions of [1, PARTITIONS]) {
        const test = await open({ partitions })
        const clients = await clientsOf(test, 3)
        const followers = clients.flatMap((store, client) =>
          Array.from(
            { length: partitions },
            (_, partition) => new Follower(store, partition, [1, 3, 500][client] ?? 9),
          ),
        )
        const acknowledged = await alongside(
          (ended) => Promise.all(followers.map((follower) => follower.followUntil(ended))),
          () => writeAtOnce(clients, 30),
        )
        const committed = await scan(test.backend.store, partitions)
        assert.deepEqual(
          new Set(committed.map(({ id }) => id)),
          acknowledged,
          'the feed holds what was acknowledged',
        )
        assert.equal(committed.length, acknowledged.size)
        assert.equal(followers.flatMap(({ seen }) => seen).length, acknowledged.size * clients.length)
      }
    },
  },
  {
    id: 'feed-racing/open-transaction',
    laws: ['F7', 'F3', 'A1'],
    title:
      'shows what was committed while a transaction is open, nothing of that transaction, and all after it',
    ...besideTransaction,
    async run({ open, capabilities }) {
      const test = await open()
      const outside = (await test.sibling()).store
      await outside.append('counter:before', sampleEvents(3))
      const follower = new Follower(outside, 0, 2)
      for (const rollback of [undefined, new Error('rolled back on purpose')]) {
        const known = await scan(outside, 1)
        const transaction = await holdOpen(test.backend, 'counter:open')
        try {
          // An open transaction may take a moment to be seen through, but not longer than was declared.
          await eventually(
            'the feed is read beside an open transaction',
            async () => {
              await follower.poll()
              return follower.seen.length === known.length
            },
            capabilities.maxStallMs + 5_000,
          )
          const visible = await outside.read('counter:open').toArray()
          const before = known.filter((event) => event.streamId === 'counter:open')
          assert.deepEqual(
            visible.map(({ id }) => id),
            before.map(({ id }) => id),
          )
        } finally {
          await transaction.end(rollback)
        }
        await outside.append('counter:after', [sampleEvent(9)])
        const added = rollback === undefined ? 2 : 1
        await eventually(
          'what came after the transaction is read',
          async () => {
            await follower.poll()
            return follower.seen.length === known.length + added
          },
          capabilities.maxStallMs + 5_000,
        )
        await follower.rescan()
      }
    },
  },
  {
    id: 'feed-racing/refused-writers',
    laws: ['F7', 'F4'],
    title: 'is not held up by refused and rolled-back writers, and shows nothing of them',
    async run({ open, capabilities }) {
      const test = await open()
      const { store } = test.backend
      const other = (await test.sibling()).store
      const follower = new Follower(other, 0, 3)
      for (let number = 1; number <= 10; number++) {
        const refused = store.append('counter:1', sampleEvents(3), { expectedVersion: 'none' })
        const rolledBack: Promise<void> =
          capabilities.sharedTransaction === 'none'
            ? Promise.resolve()
            : test.backend.transaction(async (transaction) => {
                await transaction.store.append('counter:2', sampleEvents(2))
                throw new Error('rolled back on purpose')
              })
        const settled = await Promise.allSettled([refused, rolledBack])
        if (number > 1) assert.equal(settled[0].status, 'rejected')
        const { position } = await store.append('counter:1', [sampleEvent(number)])
        await eventually(
          'the feed goes on',
          async () => {
            await follower.poll()
            return follower.seen.at(-1)?.position === position
          },
          capabilities.maxStallMs + 5_000,
        )
      }
      const events = await scan(other, 1)
      assert.deepEqual(events.map(numberOf), [1, 2, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      assert.ok(
        events.every((event) => event.streamId === 'counter:1'),
        'an event of another stream was found',
      )
    },
  },
]
