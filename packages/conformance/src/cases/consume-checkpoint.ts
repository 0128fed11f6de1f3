import assert from 'node:assert/strict'
import { comparePositions, type Backend, type Position } from '@eventspine/core'
import { eventually } from '../eventually.ts'
import type { Case } from '../kit.ts'
import { ownedByLeases } from '../owned-by-leases.ts'
import { Gate, QUICK, RecordedConsumer } from '../recorded-consumer.ts'
import { turn } from '../turn.ts'
import { numberOf, sampleEvent, sampleEvents, streamsOfPartition } from '../sample-events.ts'

/** The only partition's checkpoint, as anybody may ask for it. */
async function checkpointOf(backend: Backend, group: string): Promise<Position> {
  const [lag] = await backend.stream.group(group).lag()
  assert.ok(lag !== undefined, 'there is one partition')
  return lag.checkpoint
}

function numbersTo(count: number, from = 1): readonly number[] {
  return Array.from({ length: count - from + 1 }, (_, index) => from + index)
}

export const consumeCheckpointCases: readonly Case[] = [
  {
    id: 'consume/checkpoint-after-success',
    laws: ['C3', 'C8'],
    title: 'moves the checkpoint behind an event only once its handler has succeeded',
    async run({ open }) {
      const { backend, source } = await open()
      await source.append('counter:1', sampleEvents(5))
      const events = await source.read('counter:1')
      const third = events[2]?.position ?? ''
      const gate = new Gate()
      const consumer = await RecordedConsumer.start(backend, { group: 'earned' }, async (event) => {
        if (numberOf(event) === 3) await gate.pass()
      })
      await gate.reached()
      // The two before it are through: sooner or later the checkpoint says so, and never more.
      await eventually('the checkpoint moves behind what was handled', async () => {
        const checkpoint = await checkpointOf(backend, 'earned')
        assert.ok(
          comparePositions(checkpoint, third) < 0,
          'the checkpoint covers an event still in its handler',
        )
        return comparePositions(checkpoint, events[1]?.position ?? '') === 0
      })
      gate.open()
      await consumer.hasHandled(5)
      await consumer.stop()
      assert.equal(await checkpointOf(backend, 'earned'), events[4]?.position)
    },
  },
  {
    id: 'consume/checkpoint-behind-unfinished',
    laws: ['C3', 'C2'],
    title: 'keeps the checkpoint before an unfinished event while later ones of other streams succeed',
    async run({ open }) {
      const { backend, source } = await open()
      const [slow = '', quick = ''] = streamsOfPartition(0, 1, 2)
      const { token: first } = await source.append(quick, [sampleEvent(1)])
      await source.append(slow, [sampleEvent(2)])
      await source.append(quick, sampleEvents(20, 3))
      const gate = new Gate()
      const consumer = await RecordedConsumer.start(
        backend,
        { group: 'unfinished' },
        async ({ streamId }) => {
          if (streamId === slow) await gate.pass()
        },
      )
      await consumer.hasHandled(21)
      await eventually('the checkpoint moves up to the unfinished event', async () => {
        const checkpoint = await checkpointOf(backend, 'unfinished')
        assert.ok(comparePositions(checkpoint, first) <= 0, 'it would lose the unfinished event')
        return checkpoint === first
      })
      const looks = 20
      for (let look = 0; look < looks; look++) {
        assert.equal(await checkpointOf(backend, 'unfinished'), first)
        await turn()
      }
      gate.open()
      await consumer.hasHandled(22)
      await consumer.stop()
      assert.equal(await checkpointOf(backend, 'unfinished'), await source.head())
    },
  },
  {
    id: 'consume/resume-after-stop',
    laws: ['C1', 'C3', 'C7'],
    title:
      'goes on after a stop where it was, in a new subscription and after reopening: nothing twice, nothing missed',
    async run({ open }) {
      const test = await open()
      const handled: number[] = []
      const { source } = test
      let { backend } = test
      for (let round = 0; round < 4; round++) {
        await source.append('counter:1', sampleEvents(10, round * 10 + 1))
        const consumer = await RecordedConsumer.start(backend, { group: 'resumed' })
        await consumer.hasHandled(10)
        await consumer.stop()
        handled.push(...consumer.numbers)
        if (round === 1) backend = await test.reopen()
      }
      assert.deepEqual(handled, numbersTo(40))
    },
  },
  {
    id: 'consume/resume-elsewhere',
    laws: ['C1', 'C7', 'C5'],
    title: 'lets another client go on at once where a stopped one ended',
    async run({ open }) {
      const test = await open()
      const { backend, source } = test
      const sibling = await test.sibling()
      await source.append('counter:1', sampleEvents(30))
      const first = await RecordedConsumer.start(
        backend,
        { group: 'handed-over', leaseMs: 60_000 },
        async () => {
          if (first.handled.length === 12) void first.stop()
          await turn()
        },
      )
      await first.subscription.completed
      const second = await RecordedConsumer.start(sibling, { group: 'handed-over', leaseMs: 60_000 })
      await second.hasHandled(30 - first.handled.length)
      await second.stop()
      assert.deepEqual([...first.numbers, ...second.numbers], numbersTo(30))
    },
  },
  {
    id: 'consume/stop-finishes',
    laws: ['C7', 'C3'],
    title: 'finishes on stop what handlers have in hand, begins nothing new, and commits it',
    async run({ open }) {
      const { backend, source } = await open()
      const streams = streamsOfPartition(0, 1, 4)
      for (const [index, streamId] of streams.entries())
        await source.append(streamId, sampleEvents(5, index * 5 + 1))
      const gate = new Gate()
      const consumer = await RecordedConsumer.start(backend, { group: 'stopping', concurrency: 4 }, () =>
        gate.pass(),
      )
      await gate.reached(4)
      let done = false
      const stopped = consumer.stop().finally(() => (done = true))
      // That it does not resolve shows only in time.
      for (const untilMs = performance.now() + 60; performance.now() < untilMs;) await turn()
      assert.equal(done, false, 'stop resolved while handlers were at work')
      assert.deepEqual(consumer.handled, [], 'the handlers are at the gate')
      gate.open()
      await stopped
      assert.equal(gate.waiting, 4, 'a handler was begun after stop')
      assert.equal(consumer.handled.length, 4)
      const rest = await RecordedConsumer.start(backend, { group: 'stopping' })
      await rest.subscription.caughtUpTo(await source.head())
      await rest.stop()
      // What finished behind an unfinished neighbour is repeated; what was checkpointed is not.
      assert.deepEqual(
        [...new Set([...consumer.numbers, ...rest.numbers])].sort((a, b) => a - b),
        numbersTo(20),
      )
      assert.ok(!rest.numbers.includes(1), 'the first event was finished before all others and is repeated')
    },
  },
  {
    id: 'consume/stop-bounded',
    laws: ['C7', 'C4'],
    title: 'gives up after its time a handler that hangs: its signal is aborted and its event comes again',
    async run({ open }) {
      const { backend, source } = await open()
      await source.append('counter:1', sampleEvents(3))
      const gate = new Gate()
      let signal: AbortSignal | undefined
      const consumer = await RecordedConsumer.start(backend, { group: 'hanging' }, async (event, context) => {
        if (numberOf(event) !== 2) return
        signal = context.signal
        await gate.pass()
      })
      await gate.reached()
      assert.equal(signal?.aborted, false)
      await consumer.subscription.stop({ timeoutMs: 50 })
      assert.equal(signal?.aborted, true, 'the hanging handler was not told')
      const next = await RecordedConsumer.start(backend, { group: 'hanging' })
      await next.hasHandled(2)
      await next.stop()
      assert.deepEqual(next.numbers, [2, 3])
      // What it does now is nobody's any more.
      const before = await checkpointOf(backend, 'hanging')
      gate.open()
      await turn()
      assert.equal(await checkpointOf(backend, 'hanging'), before)
    },
  },
  {
    id: 'consume/abandoned-repeats-bounded',
    laws: ['C4', 'C1'],
    title: 'repeats at most maxInFlightEvents of what an abandoned consumer had handled, and misses none',
    async run({ open }) {
      const { backend, source } = await open()
      const streams = streamsOfPartition(0, 1, 10)
      for (const [index, streamId] of streams.entries())
        await source.append(streamId, sampleEvents(20, index * 20 + 1))
      const maxInFlightEvents = 30
      const gate = new Gate()
      const first = await RecordedConsumer.start(
        backend,
        { group: 'abandoned', maxInFlightEvents },
        async (event) => {
          if (numberOf(event) === 41) await gate.pass()
        },
      )
      await gate.reached()
      // Everything in the window but the stuck stream's events is through: it cannot be checkpointed.
      await eventually('the window runs full', async () => {
        const before = first.handled.length
        for (let turns = 0; turns < 50; turns++) await turn()
        return first.handled.length === before
      })
      await first.subscription.stop({ timeoutMs: 0 })
      const second = await RecordedConsumer.start(backend, { group: 'abandoned', maxInFlightEvents })
      await second.subscription.caughtUpTo(await source.head())
      await second.stop()
      gate.open()
      const repeated = second.numbers.filter((number) => first.numbers.includes(number))
      assert.ok(repeated.length <= maxInFlightEvents, `${repeated.length} events were repeated`)
      assert.deepEqual(
        [...new Set([...first.numbers, ...second.numbers])].sort((a, b) => a - b),
        numbersTo(200),
      )
    },
  },
  {
    id: 'consume/ways-to-stop',
    laws: ['C7'],
    title:
      'stops by stop, twice, by its signal, by dispose and by closing the backend; completed resolves each time',
    async run({ open }) {
      const test = await open()
      const { backend, source } = test
      const { token } = await source.append('counter:1', sampleEvents(3))
      const twice = await RecordedConsumer.start(backend, { group: 'twice' })
      await twice.subscription.caughtUpTo(token)
      await Promise.all([twice.stop(), twice.stop()])
      await twice.stop()
      await twice.subscription.completed
      const abort = new AbortController()
      const signalled = await RecordedConsumer.start(backend, { group: 'signalled', signal: abort.signal })
      await signalled.subscription.caughtUpTo(token)
      abort.abort()
      await signalled.subscription.completed
      const before = await RecordedConsumer.start(backend, { group: 'before', signal: abort.signal })
      await before.subscription.completed
      assert.deepEqual(before.handled, [])
      const disposed = await RecordedConsumer.start(backend, { group: 'disposed' })
      await disposed.subscription[Symbol.asyncDispose]()
      await disposed.subscription.completed
      const gate = new Gate()
      const closed = await RecordedConsumer.start(backend, { group: 'closed' }, () => gate.pass())
      await gate.reached()
      const reopening = test.reopen()
      gate.open()
      const reopened = await reopening
      await closed.subscription.completed
      const rest = await RecordedConsumer.start(reopened, { group: 'closed' })
      await rest.subscription.caughtUpTo(token)
      await rest.stop()
      assert.deepEqual([...closed.numbers, ...rest.numbers], [1, 2, 3])
    },
  },
  {
    id: 'consume/run-once',
    laws: ['C7', 'C1'],
    title:
      'handles by runOnce what there is and returns, goes on from there the next time, and leaves what others own',
    async run({ open, capabilities }) {
      const { backend, source } = await open({ partitions: 2 })
      const streams = Array.from({ length: 8 }, (_, index) => `counter:${index}`)
      for (const [index, streamId] of streams.entries())
        await source.append(streamId, sampleEvents(4, index * 4 + 1))
      const consumer = RecordedConsumer.unstarted()
      const options = consumer.options({ group: 'once', budgetMs: 30_000 })
      assert.deepEqual(await backend.stream.runOnce(options), {
        handled: 32,
        caughtUp: true,
        ownedElsewhere: [],
      })
      assert.deepEqual(await backend.stream.runOnce(options), {
        handled: 0,
        caughtUp: true,
        ownedElsewhere: [],
      })
      await source.append('counter:0', [sampleEvent(33)])
      assert.equal((await backend.stream.runOnce(options)).handled, 1)
      assert.deepEqual(
        [...consumer.numbers].sort((a, b) => a - b),
        numbersTo(33),
      )
      const owner = await RecordedConsumer.start(backend, { group: 'once' })
      await eventually('the owner has both partitions', () => owner.noticesOf('owned').length === 2)
      const elsewhere = await backend.stream.runOnce(options)
      // Groups of the backend's own share with whoever joins, so how much is owned elsewhere is theirs to say.
      if (ownedByLeases(capabilities)) assert.deepEqual(elsewhere.ownedElsewhere, [0, 1])
      assert.equal(elsewhere.handled, 0)
      await owner.stop()
    },
  },
  {
    id: 'consume/run-once-budget',
    laws: ['C7', 'C3'],
    title:
      'begins nothing after the budget of a runOnce, finishes what is in hand, and repeats nothing next time',
    async run({ open, capabilities }) {
      const { backend, source } = await open()
      await source.append('counter:1', sampleEvents(200))
      // Groups of the backend's own take their time to form, which is part of the budget.
      const [pauseMs, budgetMs] = ownedByLeases(capabilities) ? [10, 600] : [20, 2000]
      const consumer = RecordedConsumer.unstarted(
        () => new Promise((resolve) => setTimeout(resolve, pauseMs)),
      )
      const options = consumer.options({ group: 'budget', budgetMs })
      const first = await backend.stream.runOnce(options)
      assert.equal(first.caughtUp, false)
      assert.ok(first.handled > 0 && first.handled < 200, `${first.handled} events within the budget`)
      assert.equal(consumer.handled.length, first.handled)
      const rest = await backend.stream.runOnce({ ...options, budgetMs: 60_000, retry: QUICK.retry })
      assert.deepEqual(rest, { handled: 200 - first.handled, caughtUp: true, ownedElsewhere: [] })
      assert.deepEqual(consumer.numbers, numbersTo(200))
    },
  },
]
