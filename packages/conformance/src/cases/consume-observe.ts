import assert from 'node:assert/strict'
import { eventually } from '../eventually.ts'
import type { Case } from '../kit.ts'
import { Gate, QUICK, RecordedConsumer } from '../recorded-consumer.ts'
import { turn } from '../turn.ts'
import { ownedByLeases } from '../owned-by-leases.ts'
import { refusal } from '../refusal.ts'
import { numberOf, sampleEvent, sampleEvents, streamsOfPartition } from '../sample-events.ts'
import { moveCheckpoint } from '../usurper.ts'

export const consumeObserveCases: readonly Case[] = [
  {
    id: 'consume/caught-up',
    laws: ['C8', 'F6'],
    title:
      'resolves caughtUpTo when handlers are through with a token, of several partitions and owned elsewhere too',
    async run({ open }) {
      const test = await open({ partitions: 4 })
      const { backend, source } = test
      const sibling = await test.sibling()
      const streams = Array.from(
        { length: 4 },
        (_, partition) => streamsOfPartition(partition, 4, 1)[0] ?? '',
      )
      const tokens: string[] = []
      for (const [index, streamId] of streams.entries()) {
        const { token } = await source.append(streamId, [sampleEvent(index + 1)])
        tokens.push(token)
      }
      const gate = new Gate()
      const consumer = await RecordedConsumer.start(backend, { group: 'awaited' }, async (event) => {
        if (numberOf(event) === 4) await gate.pass()
      })
      await consumer.subscription.caughtUpTo(tokens.slice(0, 3).join(','))
      let reached = false
      const all = consumer.subscription.caughtUpTo(tokens.join(',')).then(() => (reached = true))
      await gate.reached()
      for (let turns = 0; turns < 20; turns++) await turn()
      assert.equal(reached, false, 'it resolved before the handler was through')
      gate.open()
      await all
      const other = await RecordedConsumer.start(sibling, { group: 'awaited' })
      await other.subscription.caughtUpTo(tokens.join(','))
      await Promise.all([consumer.stop(), other.stop()])
    },
  },
  {
    id: 'consume/caught-up-refusals',
    laws: ['C8', 'C7'],
    title:
      'rejects caughtUpTo after its time, when aborted, when the subscription ended, and for a foreign token',
    async run({ open }) {
      const { backend, source } = await open()
      const { token } = await source.append('counter:1', sampleEvents(2))
      const foreign = await (await open()).source.append('counter:1', [sampleEvent(1)])
      const gate = new Gate()
      const consumer = await RecordedConsumer.start(backend, { group: 'waiting' }, () => gate.pass())
      const { subscription } = consumer
      await refusal(() => subscription.caughtUpTo(token, { timeoutMs: 30 }), 'TIMEOUT', { retryable: true })
      const abort = new AbortController()
      const aborted = refusal(() => subscription.caughtUpTo(token, { signal: abort.signal }), 'ABORTED')
      abort.abort()
      await aborted
      await refusal(() => subscription.caughtUpTo(foreign.token), 'FEED_DIVERGED')
      await refusal(() => subscription.caughtUpTo('no token'), 'INVALID_ARGUMENT', { field: 'token' })
      await refusal(() => subscription.caughtUpTo(token, { timeoutMs: -1 }), 'INVALID_ARGUMENT', {
        field: 'timeoutMs',
      })
      const stopped = refusal(() => subscription.caughtUpTo(token), 'CONSUMER_STOPPED')
      const stopping = subscription.stop({ timeoutMs: 20 })
      await stopped
      await stopping
      gate.open()
    },
  },
  {
    id: 'consume/lag',
    laws: ['C8'],
    title: 'tells lag, checkpoint, parked streams and ownership of every partition, before, during and after',
    async run({ open }) {
      const test = await open({ partitions: 2 })
      const { backend, source } = test
      const streams = [0, 1].map((partition) => streamsOfPartition(partition, 2, 1)[0] ?? '')
      for (const streamId of streams) await source.append(streamId, sampleEvents(4))
      const group = (await test.sibling()).stream.group('observed')
      const before = await group.lag()
      assert.deepEqual(
        before.map(({ partition, events, parkedStreams, owned }) => [
          partition,
          events,
          parkedStreams,
          owned,
        ]),
        [
          [0, 4, 0, false],
          [1, 4, 0, false],
        ],
      )
      const gate = new Gate()
      const consumer = await RecordedConsumer.start(backend, { group: 'observed' }, async (event) => {
        if (event.streamId === streams[1] && numberOf(event) === 3) await gate.pass()
      })
      await eventually('partition 0 is at its end, partition 1 at the gate', async () => {
        const lag = await group.lag()
        return lag[0]?.events === 0 && lag[1]?.events === 2 && lag.every(({ owned }) => owned)
      })
      assert.deepEqual(await consumer.subscription.lag(), await group.lag())
      gate.open()
      await eventually('there is no lag', async () => (await group.lag()).every(({ events }) => events === 0))
      await consumer.stop()
      const after = await group.lag()
      assert.deepEqual(
        after.map(({ events, owned }) => [events, owned]),
        [
          [0, false],
          [0, false],
        ],
      )
      for (const { partition, checkpoint } of after) assert.equal(checkpoint, await source.head(partition))
      assert.deepEqual(await backend.stream.group('unheard-of').parked(), [])
    },
  },
  {
    id: 'consume/bounded-in-hand',
    laws: ['C10', 'C4'],
    title: 'has at most maxInFlightEvents in hand, however much there is and however slow handlers are',
    async run({ open }) {
      const { backend, source } = await open()
      const streams = streamsOfPartition(0, 1, 100)
      // One event of each stream after the other, so that all in hand could be in handlers at once.
      for (let round = 0; round < 3; round++) {
        const append = (streamId: string, index: number): Promise<unknown> =>
          source.append(streamId, [sampleEvent(round * 100 + index)])
        await Promise.all(streams.map(append))
      }
      const gate = new Gate()
      const maxInFlightEvents = 16
      const options = { group: 'bounded', concurrency: 100, maxInFlightEvents }
      const consumer = await RecordedConsumer.start(backend, options, () => gate.pass())
      await gate.reached(maxInFlightEvents / 2)
      for (let turns = 0; turns < 200; turns++) await turn()
      assert.ok(gate.waiting <= maxInFlightEvents, `${gate.waiting} events are in hand`)
      gate.open()
      await consumer.hasHandled(300)
      await consumer.stop()
      assert.ok(
        consumer.mostAtOnce <= maxInFlightEvents,
        `${consumer.mostAtOnce} events were in hand at once`,
      )
    },
  },
  {
    id: 'consume/diverged-checkpoint',
    laws: ['F8', 'C8'],
    title:
      'ends with FEED_DIVERGED, never in silence, when its checkpoint is not of this history: a restored backup',
    needs: ownedByLeases,
    async refuses({ open }) {
      // Where the backend's own groups keep the place, there is no checkpoint to be restored from elsewhere.
      const { backend } = await open()
      assert.deepEqual(await backend.stream.group('diverged').parked(), [])
    },
    async run({ open }) {
      const { backend, source } = await open()
      const { token } = await source.append('counter:1', sampleEvents(5))
      const [incarnation = '', partition = '', sequence = '', check = ''] = token.split('.')
      const other = check.startsWith('0') ? `1${check.slice(1)}` : `0${check.slice(1)}`
      const places = {
        'past the head': [incarnation, partition, String(Number(sequence) + 5000), check],
        'where another event stands': [incarnation, partition, sequence, other],
        'of another store': [
          incarnation.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
          partition,
          sequence,
          check,
        ],
      }
      for (const [place, parts] of Object.entries(places)) {
        const group = `diverged ${place}`
        const first = await RecordedConsumer.start(backend, { group })
        await first.subscription.caughtUpTo(token)
        await first.stop()
        await moveCheckpoint(backend, group, parts.join('.'))
        const second = await RecordedConsumer.start(backend, { group })
        await refusal(() => second.ended(), 'FEED_DIVERGED')
        assert.deepEqual(second.handled, [], place)
        assert.equal(second.noticesOf('ended').length, 1, `nobody was told: ${place}`)
      }
    },
  },
  {
    id: 'consume/outage',
    laws: ['C1', 'C3', 'C8'],
    title: 'goes on by itself after its store was away: nothing lost, and told by notices',
    async run({ open }) {
      const test = await open()
      const { backend, source, outage } = test
      await source.append('counter:1', sampleEvents(5))
      const consumer = await RecordedConsumer.start(
        backend,
        { group: 'outage', retry: { ...QUICK.retry, attempts: 1000 } },
        () => turn(),
      )
      await consumer.hasHandled(5)
      if (outage === undefined) {
        // A test bed that cannot take the store away takes the client: the next one goes on.
        const reopened = await test.reopen()
        await source.append('counter:1', sampleEvents(5, 6))
        const next = await RecordedConsumer.start(reopened, { group: 'outage' })
        await next.hasHandled(5)
        await next.stop()
        assert.deepEqual([...consumer.numbers, ...next.numbers], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        return
      }
      const { end } = await outage()
      await eventually('the outage is told', () => consumer.noticesOf('backend-error').length >= 2, 20_000)
      await end()
      const events = sampleEvents(5, 6)
      await eventually('appends are taken again', async () => {
        try {
          if (backend.capabilities.store)
            await backend.store.append('counter:1', events, { expectedVersion: 5 })
          else await source.append('counter:1', events)
          return true
        } catch {
          return false
        }
      })
      // Those in hand when it began may come again.
      await eventually('all are handled', () => new Set(consumer.numbers).size >= 10, 20_000)
      await consumer.stop()
      assert.deepEqual([...new Set(consumer.numbers)], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    },
  },
]
