import assert from 'node:assert/strict'
import type { Capabilities, RecordedEvent } from '@eventspine/core'
import { eventually } from '../eventually.ts'
import type { Case, CaseBackend, CaseContext } from '../kit.ts'
import { readLog } from '../read-log.ts'
import { Gate, RecordedConsumer } from '../recorded-consumer.ts'
import { refusal } from '../refusal.ts'
import { numberOf, sampleEvent, sampleEvents } from '../sample-events.ts'

const trims = ({ feedRetention }: Capabilities): boolean => feedRetention === 'trimmed'

/** Where all is kept, a group begins at the first event whenever it comes. */
async function keepsAll({ open }: CaseContext): Promise<void> {
  const { backend, source } = await open()
  const { token } = await source.append('counter:1', sampleEvents(30))
  const events = await readLog(backend, token)
  assert.deepEqual(events.get(0)?.map(numberOf), numbersTo(30))
}

function numbersTo(count: number, from = 1): readonly number[] {
  return Array.from({ length: count - from + 1 }, (_, index) => from + index)
}

/** Lets go all that is there, whoever needs it. */
async function trimAll({ trimFeed }: CaseBackend): Promise<void> {
  assert.ok(trimFeed !== undefined, 'a test bed of a trimmed feed must have a way to trim it')
  await trimFeed()
}

/** A group that has handled so many events, in order, and stopped. */
async function handledOf(test: CaseBackend, group: string, count: number): Promise<void> {
  const consumer = await RecordedConsumer.start(
    test.backend,
    { group, concurrency: 1, maxInFlightEvents: 1 },
    async () => {
      if (consumer.handled.length === count - 1) void consumer.stop()
    },
  )
  await consumer.subscription.completed
  assert.deepEqual(consumer.numbers, numbersTo(count))
}

function failing(event: RecordedEvent): void {
  if (numberOf(event) === 2) throw new Error('cannot handle this')
}

export const logTrimCases: readonly Case[] = [
  {
    id: 'log/trimmed-behind',
    laws: ['F9'],
    title:
      'ends a group with POSITION_EXPIRED when events went that it had not handled, and never passes over them in silence',
    needs: trims,
    refuses: keepsAll,
    async run({ open }) {
      const test = await open()
      await test.source.append('counter:1', sampleEvents(10))
      await handledOf(test, 'behind', 3)
      await trimAll(test)
      await test.source.append('counter:1', [sampleEvent(11)])
      // By another client: the first may have fetched ahead what is gone now.
      const consumer = await RecordedConsumer.start(await test.sibling(), { group: 'behind' })
      await refusal(() => consumer.ended(), 'POSITION_EXPIRED')
      assert.deepEqual(consumer.handled, [])
      assert.equal(consumer.noticesOf('ended').length, 1, 'nobody was told')
    },
  },
  {
    id: 'log/trimmed-start',
    laws: ['F9', 'F5', 'C1'],
    title:
      'begins a new group of a trimmed feed at the first event that is kept, and goes on with one that had handled all that went',
    needs: trims,
    refuses: keepsAll,
    async run({ open }) {
      const test = await open()
      const { token } = await test.source.append('counter:1', sampleEvents(10))
      await handledOf(test, 'abreast', 10)
      await trimAll(test)
      const { token: end } = await test.source.append('counter:1', sampleEvents(3, 11))
      const fresh = await readLog(test.backend, end)
      assert.deepEqual(fresh.get(0)?.map(numberOf), [11, 12, 13])
      const abreast = await RecordedConsumer.start(test.backend, { group: 'abreast' })
      const behind = await RecordedConsumer.start(test.backend, { group: 'token', startFrom: token })
      for (const consumer of [abreast, behind]) {
        await consumer.subscription.caughtUpTo(end)
        await consumer.stop()
        assert.deepEqual(consumer.numbers, [11, 12, 13])
      }
    },
  },
  {
    id: 'log/trimmed-token',
    laws: ['F9'],
    title: 'refuses with POSITION_EXPIRED to begin behind a token when what follows it is gone',
    needs: trims,
    refuses: keepsAll,
    async run({ open }) {
      const test = await open()
      const { token } = await test.source.append('counter:1', sampleEvents(3))
      await test.source.append('counter:1', sampleEvents(3, 4))
      await trimAll(test)
      await test.source.append('counter:1', [sampleEvent(7)])
      const consumer = await RecordedConsumer.start(test.backend, { group: 'token', startFrom: token })
      await refusal(() => consumer.ended(), 'POSITION_EXPIRED')
      assert.deepEqual(consumer.handled, [])
    },
  },
  {
    id: 'log/trim-spares-groups',
    laws: ['F9', 'C1', 'C6'],
    title: 'keeps on trimming what a group has not handled, and what waits in its parked streams',
    needs: trims,
    refuses: keepsAll,
    async run({ open }) {
      const test = await open()
      const { backend, source, trimHandled } = test
      await source.append('counter:1', sampleEvents(10))
      await handledOf(test, 'slow', 4)
      const { token: other } = await source.append('counter:2', sampleEvents(5, 11))
      const parking = await RecordedConsumer.start(backend, { group: 'parking' }, failing)
      await parking.subscription.caughtUpTo(other)
      await eventually(
        'the stream is parked',
        async () => (await backend.stream.group('parking').parked()).length === 1,
      )
      if (trimHandled === undefined) {
        // Retention that knows no groups is the user's to choose: it is the law of expired positions that holds.
        await parking.stop()
        return
      }
      await trimHandled()
      const slow = await RecordedConsumer.start(backend, { group: 'slow' })
      await slow.subscription.caughtUpTo(other)
      await slow.stop()
      assert.deepEqual(
        [...slow.numbers].sort((a, b) => a - b),
        numbersTo(15, 5),
      )
      await trimHandled()
      await backend.stream.group('parking').skip('counter:1')
      await eventually(
        'nothing is parked any more',
        async () => (await backend.stream.group('parking').parked()).length === 0,
      )
      await parking.stop()
      assert.deepEqual(parking.byStream().get('counter:1'), [1, ...numbersTo(10, 3)])
      await trimHandled()
      const { token } = await source.append('counter:2', [sampleEvent(16)])
      const fresh = await readLog(backend, token)
      const kept = fresh.get(0)?.map(numberOf) ?? []
      assert.equal(kept.at(-1), 16)
      assert.ok(!kept.includes(1), 'what every group had handled was never trimmed')
    },
  },
  {
    id: 'log/trim-spares-competitors',
    laws: ['F9', 'C1', 'C6'],
    title: 'keeps on trimming what a group without order has in hand, has parked, or has not taken yet',
    needs: (capabilities) => trims(capabilities) && capabilities.competingConsumers,
    refuses: keepsAll,
    async run({ open }) {
      const test = await open()
      const { backend, source, trimHandled } = test
      const ordering = 'none'
      const gate = new Gate()
      const options = { group: 'competing', ordering, concurrency: 2, retry: { attempts: 1 } } as const
      const held = await RecordedConsumer.start(backend, options, async (event) => {
        failing(event)
        if (numberOf(event) === 3) await gate.pass()
      })
      const { token } = await source.append('counter:1', sampleEvents(6))
      await gate.reached()
      await eventually('all others are done', () => held.handled.length === 4)
      await trimHandled?.()
      const group = backend.stream.group('competing', { ordering })
      const [parked] = await group.parked()
      assert.ok(parked !== undefined, 'nothing is parked')
      assert.deepEqual((await group.waiting(parked).toArray()).map(numberOf), [2])
      gate.open()
      await held.subscription.caughtUpTo(token)
      await held.stop()
      const { token: later } = await source.append('counter:1', sampleEvents(3, 7))
      await trimHandled?.()
      const next = await RecordedConsumer.start(backend, { group: 'competing', ordering })
      await next.subscription.caughtUpTo(later)
      await group.replay('counter:1')
      await eventually('the parked event is handled', () => next.numbers.includes(2))
      await next.stop()
      assert.deepEqual(
        [...held.numbers, ...next.numbers].sort((a, b) => a - b),
        numbersTo(9),
      )
    },
  },
]
