import assert from 'node:assert/strict'
import type { Backend } from '@eventspine/core'
import { leaseOf } from '../case-scope.ts'
import { ChildProcess } from '../child/child-process.ts'
import { eventually } from '../eventually.ts'
import type { Case, CaseContext, TestBackend } from '../kit.ts'
import { Random } from '../random.ts'
import { readLog } from '../read-log.ts'
import { RecordedConsumer } from '../recorded-consumer.ts'
import { numberOf, sampleEvent, sampleEvents, streamsOfPartition } from '../sample-events.ts'
import { turn } from '../turn.ts'

const LEASE_MS = 700

async function openChild({ child }: TestBackend): Promise<ChildProcess> {
  assert.ok(child !== undefined, 'the test bed must say how another process opens the store')
  return ChildProcess.open(child)
}

async function isOneProcess({ open }: CaseContext): Promise<void> {
  const test = await open()
  assert.equal(test.child, undefined)
}

/** One stream for each partition. */
function streamsOf(partitions: number): readonly string[] {
  return Array.from(
    { length: partitions },
    (_, partition) => streamsOfPartition(partition, partitions, 1)[0] ?? '',
  )
}

interface Handled {
  readonly id: string
  readonly streamId: string
  readonly number: number
  readonly fencingToken: number
}

/** What is handled for the first time comes in order, and owners that come later have higher tokens. */
function assertInOrder(handled: readonly Handled[]): void {
  const last = new Map<string, { number: number; fencingToken: number }>()
  const seen = new Set<string>()
  for (const { id, streamId, number, fencingToken } of handled) {
    const before = last.get(streamId) ?? { number: -1, fencingToken: 0 }
    const isNew = !seen.has(id)
    seen.add(id)
    assert.ok(!isNew || number > before.number, `${streamId}: ${number} came after ${before.number}`)
    assert.ok(fencingToken >= before.fencingToken, `${streamId}: a former owner went on`)
    last.set(streamId, { number: Math.max(number, before.number), fencingToken })
  }
}

export const groupCases: readonly Case[] = [
  {
    id: 'groups/come-and-go',
    laws: ['C1', 'C2', 'C4', 'C5', 'C7'],
    title:
      'shares partitions among one to three members that come and go under load: none missed, in order, few repeated',
    timeoutMs: 180_000,
    async run({ open }) {
      const partitions = 8
      const test = await open({ partitions })
      const clients: readonly Backend[] = [test.backend, await test.sibling(), await test.sibling()]
      const streams = streamsOf(partitions)
      const handled: Handled[] = []
      const ids = new Set<string>()
      const maxInFlightEvents = 10
      const join = (client: Backend): Promise<RecordedConsumer> =>
        RecordedConsumer.start(
          client,
          { group: 'changing', maxInFlightEvents, leaseMs: 1500 },
          async (event, context) => {
            await turn()
            const { id, streamId } = event
            handled.push({ id, streamId, number: numberOf(event), fencingToken: context.fencingToken })
          },
        )
      const changes = new AbortController()
      const writing = (async () => {
        for (let number = 0; !changes.signal.aborted; number++) {
          for (const streamId of streams) {
            const event = sampleEvent(number)
            ids.add(event.id)
            await test.source.append(streamId, [event])
          }
          await turn()
        }
      })()
      const members: RecordedConsumer[] = []
      try {
        for (const client of clients) {
          const member = await join(client)
          members.push(member)
          await eventually('the new member has its share', () => member.handled.length > 10)
        }
        for (const member of members.slice(0, 2)) {
          const left = members.slice(members.indexOf(member) + 1)
          await member.stop()
          const before = left.map((other) => other.handled.length)
          await eventually('those that stay go on', () =>
            left.every((other, index) => other.handled.length > (before[index] ?? 0) + 10),
          )
        }
      } finally {
        changes.abort()
        await writing
      }
      const last = members[2]
      await last?.subscription.caughtUpTo(await test.source.heads())
      await last?.stop()
      assert.deepEqual(new Set(handled.map(({ id }) => id)), ids)
      assertInOrder(handled)
      // Everybody left in good order: only a member that was too slow to say that it lives repeats anything.
      const lost = members.flatMap((member) => member.noticesOf('lease-lost'))
      const most = lost.length * maxInFlightEvents
      const repeated = handled.length - ids.size
      assert.ok(repeated <= most, `${repeated} events were repeated, ${most} may be`)
    },
  },
  {
    id: 'groups/paused-member',
    laws: ['C5', 'C3', 'C1'],
    title:
      'takes over from a member that was paused, and lets it move nothing back when it wakes up with an event in hand',
    timeoutMs: 120_000,
    needs: ({ multiProcess }) => multiProcess,
    refuses: isOneProcess,
    async run({ open }) {
      const test = await open()
      const { backend, source } = test
      const events = sampleEvents(10)
      await source.append('counter:1', events)
      const options = { group: 'paused', leaseMs: leaseOf(LEASE_MS) } as const
      await using child = await openChild(test)
      await child.call('consume', { ...options, name: 'child', holdAtId: events[4]?.id ?? '' })
      const held = await child.said('handling', ({ id }) => id === events[4]?.id, 60_000)
      child.pause()
      const consumer = await RecordedConsumer.start(backend, options)
      await consumer.subscription.caughtUpTo(await source.head(), { timeoutMs: 60_000 })
      assert.deepEqual(consumer.numbers.slice(-6), [5, 6, 7, 8, 9, 10])
      const token = consumer.handled.at(-1)?.fencingToken ?? 0
      assert.ok(token > held.fencingToken, `${token} is no higher than ${held.fencingToken}`)
      child.resume()
      await child.said('aborted', () => true, 60_000)
      await child.call('release', { name: 'child' })
      await child.said('handled', ({ id }) => id === events[4]?.id, 60_000)
      await source.append('counter:1', sampleEvents(2, 11))
      const handledBy = (): readonly string[] => [
        ...consumer.handled.map(({ number }) => String(number)),
        ...child.notes('handled').map(({ version, name }) => `${name} ${version}`),
      ]
      await eventually(
        'what came since is handled',
        () => consumer.numbers.includes(12) || child.notes('handled').length > 6,
        60_000,
      )
      await consumer.stop()
      await child.call('stopConsumer', { name: 'child' })
      const again = await RecordedConsumer.start(backend, options)
      await again.subscription.caughtUpTo(await source.head())
      await again.stop()
      assert.deepEqual(again.numbers, [], `the place was moved back: ${handledBy().join(', ')}`)
      await child.close()
    },
  },
  {
    id: 'groups/killed-processes',
    laws: ['S1', 'S2', 'S3', 'F4', 'C1', 'C2', 'C4', 'C5'],
    title:
      'loses no acknowledged event and misses none when processes that publish and consume are killed under load',
    timeoutMs: 180_000,
    needs: ({ multiProcess }) => multiProcess,
    refuses: isOneProcess,
    async run({ open, seed }) {
      const partitions = 4
      const test = await open({ partitions })
      const random = new Random(seed)
      const streams = streamsOf(partitions)
      const maxInFlightEvents = 20
      const options = { group: 'killed', leaseMs: leaseOf(LEASE_MS), maxInFlightEvents }
      const consumer = await RecordedConsumer.start(test.backend, options)
      const sent: string[] = []
      const acknowledged: string[] = []
      const elsewhere: string[] = []
      for (let round = 0; round < 2; round++) {
        await using child = await openChild(test)
        await child.call('consume', { ...options, name: 'child' })
        const ids = Array.from({ length: 4000 }, () => sampleEvent(0).id)
        const publishing = child.call('publishEach', { streamIds: streams, ids })
        // It is killed in the middle of it.
        publishing.catch(() => undefined)
        const enough = random.integer(20, 60)
        await eventually('events are acknowledged', () => child.notes('acknowledged').length > enough, 60_000)
        await eventually('both handle events', () => child.notes('handled').length > 0, 60_000)
        for (let turns = random.integer(0, 30); turns > 0; turns--) await turn()
        await child.kill()
        sent.push(...ids)
        acknowledged.push(...child.notes('acknowledged').map(({ id }) => id))
        elsewhere.push(...child.notes('handled').map(({ id }) => id))
      }
      const { token } = await test.backend.stream.publish(
        streams.map((streamId) => ({ ...sampleEvent(-1), streamId })),
      )
      const log = [...(await readLog(test.backend, token)).values()].flat()
      const published = log.filter((event) => numberOf(event) >= 0)
      const place = new Map(sent.map((id, index) => [id, index]))
      for (const streamId of streams) {
        const places = published.flatMap((event) =>
          event.streamId === streamId ? (place.get(event.id) ?? -1) : [],
        )
        assert.deepEqual(
          places,
          places.toSorted((a, b) => a - b),
          `${streamId} is out of order`,
        )
      }
      const there = new Set(published.map(({ id }) => id))
      assert.equal(there.size, published.length, 'an event is there twice')
      assert.deepEqual(
        acknowledged.filter((id) => !there.has(id)),
        [],
        'acknowledged events were lost',
      )
      assert.ok(there.size <= acknowledged.length + 2, 'more is there than was ever under way')
      await consumer.subscription.caughtUpTo(token, { timeoutMs: 60_000 })
      await consumer.stop()
      const own = consumer.handled.map(({ id }) => id)
      const missed = log.filter(({ id }) => !own.includes(id) && !elsewhere.includes(id))
      assert.deepEqual(
        missed.map(({ position }) => position),
        [],
        'events were missed',
      )
      const repeated = own.length + elsewhere.length - new Set([...own, ...elsewhere]).size
      const most = 2 * partitions * maxInFlightEvents
      assert.ok(repeated <= most, `${repeated} events were repeated, ${most} may be`)
    },
  },
]
