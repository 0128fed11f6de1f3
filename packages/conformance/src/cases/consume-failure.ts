import assert from 'node:assert/strict'
import type { Capabilities, SubscribeOptions } from '@eventspine/core'
import { eventually } from '../eventually.ts'
import type { Case } from '../kit.ts'
import { canAskOwners, refusesToAsk } from '../asking-owners.ts'
import { RecordedConsumer, type RecordedHandler } from '../recorded-consumer.ts'
import { numberOf, PAYLOAD, sampleEvent, sampleEvents, streamsOfPartition } from '../sample-events.ts'
import { refusal } from '../refusal.ts'
import type { Source } from '../source.ts'

const [BAD = '', GOOD = '', OTHER = ''] = streamsOfPartition(0, 1, 3)

/** Five events on each of two streams, in turns: 1, 3, 5 … on the one whose handler fails. */
async function appendInTurns(source: Source): Promise<string> {
  let token = ''
  for (let number = 1; number <= 10; number++) {
    ;({ token } = await source.append(number % 2 === 1 ? BAD : GOOD, [sampleEvent(number)]))
  }
  return token
}

/** Fails at the given numbers as long as `broken` says so. */
function failingAt(numbers: readonly number[], broken: () => boolean = () => true): RecordedHandler {
  return (event) => {
    if (numbers.includes(numberOf(event)) && broken()) throw new RangeError('cannot handle this')
  }
}

function supports(
  { documentBatch, sharedTransaction }: Capabilities,
  effects: SubscribeOptions['effects'],
): boolean {
  if (effects === 'transaction') return sharedTransaction !== 'none'
  return effects !== 'exactly-once' || documentBatch !== 'none'
}

export const consumeFailureCases: readonly Case[] = [
  {
    id: 'consume/retry-with-backoff',
    laws: ['C6', 'C8'],
    title:
      'tries a failing event again after growing pauses, while other streams go on, and tells of each try',
    async run({ open }) {
      const { backend, source } = await open()
      const token = await appendInTurns(source)
      const triesMs: number[] = []
      const attempts: number[] = []
      const retry = { attempts: 4, initialDelayMs: 80, maxDelayMs: 1000 }
      const consumer = await RecordedConsumer.start(
        backend,
        { group: 'retried', retry },
        (event, { attempt }) => {
          if (numberOf(event) !== 1) return
          triesMs.push(performance.now())
          attempts.push(attempt)
          if (attempt < 4) throw new RangeError('not yet')
        },
      )
      await consumer.subscription.caughtUpTo(token)
      await consumer.stop()
      assert.deepEqual(attempts, [1, 2, 3, 4])
      const pauses = triesMs.slice(1).map((ms, index) => ms - (triesMs[index] ?? 0))
      // Jitter takes at most half of a pause away; timers may be early by one millisecond.
      pauses.forEach((pause, index) =>
        assert.ok(pause >= 40 * 2 ** index - 2, `pause ${index + 1} took ${pause} ms`),
      )
      assert.deepEqual(
        consumer.noticesOf('retry').map(({ attempt, event }) => [attempt, numberOf(event)]),
        [
          [1, 1],
          [2, 1],
          [3, 1],
        ],
      )
      const first = consumer.numbers.indexOf(1)
      assert.deepEqual(
        consumer.numbers.slice(0, first),
        [2, 4, 6, 8, 10],
        'the other stream did not go on meanwhile',
      )
      assert.deepEqual(consumer.numbers.slice(first), [1, 3, 5, 7, 9])
    },
  },
  {
    id: 'consume/park',
    laws: ['C6', 'C8', 'C3'],
    title:
      'parks the stream of an event that keeps failing: its later events wait, all others and the checkpoint go on',
    async run({ open }) {
      const { backend, source } = await open()
      const token = await appendInTurns(source)
      const events = await source.read(BAD)
      const consumer = await RecordedConsumer.start(backend, { group: 'parking' }, failingAt([3]))
      await consumer.subscription.caughtUpTo(token)
      await eventually(
        'the parked stream is listed',
        async () => (await backend.stream.group('parking').parked()).length === 1,
      )
      assert.deepEqual(
        [...consumer.numbers].sort((a, b) => a - b),
        [1, 2, 4, 6, 8, 10],
      )
      const [parked] = await backend.stream.group('parking').parked()
      assert.ok(parked !== undefined, 'nothing is parked')
      const { error, ...rest } = parked
      const { position: firstPosition, streamPosition } = events[1] ?? {}
      assert.deepEqual(rest, { streamId: BAD, partition: 0, firstPosition, streamPosition, attempts: 3 })
      assert.match(error, /RangeError.*cannot handle this/)
      assert.ok(!error.includes(PAYLOAD), `the error holds a payload: ${error}`)
      const waiting = await backend.stream.group('parking').waiting(parked).toArray()
      assert.deepEqual(waiting.map(numberOf), [3, 5, 7, 9])
      assert.equal(consumer.noticesOf('park').length, 1)
      await consumer.stop()
      const [lag] = await backend.stream.group('parking').lag()
      assert.deepEqual([lag?.events, lag?.parkedStreams, lag?.owned], [0, 1, false])
    },
  },
  {
    id: 'consume/parked-outlives-restart',
    laws: ['C6', 'C3'],
    title: 'keeps a stream parked over restarts and takeovers, for events that came since too',
    async run({ open }) {
      const test = await open()
      const { backend, source } = test
      const token = await appendInTurns(source)
      const first = await RecordedConsumer.start(backend, { group: 'kept' }, failingAt([1]))
      await first.subscription.caughtUpTo(token)
      await first.stop()
      const sibling = await test.sibling()
      const { token: later } = await source.append(BAD, [sampleEvent(11)])
      await source.append(GOOD, [sampleEvent(12)])
      const second = await RecordedConsumer.start(sibling, { group: 'kept' })
      await second.subscription.caughtUpTo(later)
      await second.hasHandled(1)
      await second.stop()
      assert.deepEqual(second.numbers, [12])
      assert.equal((await sibling.stream.group('kept').parked()).length, 1)
    },
  },
  {
    id: 'consume/replay-in-order',
    laws: ['C6', 'C2'],
    title: 'replays a parked stream in order and goes on with it live, each event once',
    needs: canAskOwners,
    refuses: refusesToAsk,
    async run({ open }) {
      const { backend, source } = await open()
      await appendInTurns(source)
      let broken = true
      const consumer = await RecordedConsumer.start(
        backend,
        { group: 'replayed', leaseMs: 300 },
        failingAt([3], () => broken),
      )
      await eventually('the stream is parked', () => consumer.noticesOf('park').length === 1)
      broken = false
      const group = backend.stream.group('replayed')
      await eventually('the parked stream is listed', async () => (await group.parked()).length === 1)
      // Appends go on while the replay runs, so that its end meets them.
      const appending = (async () => {
        for (let number = 11; number <= 40; number++) await source.append(BAD, [sampleEvent(number)])
      })()
      await group.replay(BAD)
      await appending
      await consumer.hasHandled(40)
      const { token } = await source.append(OTHER, [sampleEvent(41)])
      await consumer.subscription.caughtUpTo(token)
      await eventually('nothing is parked any more', async () => (await group.parked()).length === 0)
      await consumer.stop()
      const numbers = consumer.byStream().get(BAD)
      assert.deepEqual(numbers, [1, 3, 5, 7, 9, ...Array.from({ length: 30 }, (_, index) => 11 + index)])
      await refusal(() => group.replay(BAD), 'INVALID_ARGUMENT', { field: 'streamId' })
    },
  },
  {
    id: 'consume/replay-fails-again',
    laws: ['C6'],
    title: 'parks a replayed stream again at the event that fails, and keeps what is behind it waiting',
    needs: canAskOwners,
    refuses: refusesToAsk,
    async run({ open }) {
      const { backend, source } = await open()
      const token = await appendInTurns(source)
      let bad: readonly number[] = [3]
      const handler: RecordedHandler = (event) => {
        const number = numberOf(event)
        if (bad.includes(number)) throw new RangeError(`cannot handle ${number}`)
      }
      const consumer = await RecordedConsumer.start(backend, { group: 'again', leaseMs: 300 }, handler)
      await consumer.subscription.caughtUpTo(token)
      const group = backend.stream.group('again')
      const versions = (await source.read(BAD)).map(({ streamPosition }) => streamPosition)
      await eventually(
        'the stream is parked',
        async () => (await group.parked())[0]?.streamPosition === versions[1],
      )
      bad = [7]
      await group.replay(BAD)
      await eventually('it is parked at a later event', async () => {
        const [parked] = await group.parked()
        // On its way there, it stands at the same event and has not failed at it yet.
        return parked?.streamPosition === versions[3] && /cannot handle 7/.test(parked?.error ?? '')
      })
      assert.deepEqual(consumer.byStream().get(BAD), [1, 3, 5])
      bad = []
      await group.replay(BAD)
      await consumer.hasHandled(10)
      assert.deepEqual(consumer.byStream().get(BAD), [1, 3, 5, 7, 9])
      await consumer.stop()
    },
  },
  {
    id: 'consume/replay-asked-while-away',
    laws: ['C6'],
    title:
      'takes up a replay that was asked for while nobody was running, and a skip by passing over one event',
    needs: canAskOwners,
    refuses: refusesToAsk,
    async run({ open }) {
      const { backend, source } = await open()
      const token = await appendInTurns(source)
      for (const action of ['replay', 'skip'] as const) {
        const group = `away-${action}`
        const first = await RecordedConsumer.start(backend, { group }, failingAt([3]))
        await first.subscription.caughtUpTo(token)
        await first.stop()
        await backend.stream.group(group)[action](BAD)
        const second = await RecordedConsumer.start(backend, { group })
        await eventually(
          'nothing is parked any more',
          async () => (await backend.stream.group(group).parked()).length === 0,
        )
        await second.stop()
        assert.deepEqual(second.numbers, action === 'replay' ? [3, 5, 7, 9] : [5, 7, 9])
      }
    },
  },
  {
    id: 'consume/replay-interrupted',
    laws: ['C6', 'C7', 'C9'],
    title: 'carries a replay on after a stop in its middle: in order, and once where effects are atomic',
    needs: canAskOwners,
    refuses: refusesToAsk,
    async run({ open, capabilities }) {
      const { backend, source } = await open()
      await source.append(BAD, sampleEvents(40))
      const expected = Array.from({ length: 40 }, (_, index) => index + 1)
      const kinds = ['at-least-once', 'exactly-once', 'transaction'] as const
      for (const effects of kinds.filter((kind) => supports(capabilities, kind))) {
        const options = { group: `interrupted-${effects}`, effects, leaseMs: 300, maxInFlightEvents: 10 }
        const group = backend.stream.group(options.group)
        const first = await RecordedConsumer.start(backend, options, failingAt([1]))
        await eventually('the stream is parked', async () => (await group.parked()).length === 1)
        await first.stop()
        await group.replay(BAD)
        const record: RecordedHandler = async (event, { documents }) => {
          if (effects === 'at-least-once') return
          const before = (await documents.get<readonly number[]>('replayed', effects)) ?? []
          documents.put('replayed', effects, [...before, numberOf(event)])
        }
        const second = await RecordedConsumer.start(backend, options, async (event, context) => {
          await record(event, context)
          if (second.handled.length === 10) void second.stop()
          await new Promise((resolve) => setTimeout(resolve, 5))
        })
        await second.subscription.completed
        const third = await RecordedConsumer.start(backend, options, record)
        await third.subscription.caughtUpTo(await source.head())
        await eventually('nothing is parked any more', async () => (await group.parked()).length === 0)
        await third.stop()
        const documents = backend.documents.collection<readonly number[]>('replayed')
        const recorded = (await documents.get(effects, { partition: 0 }))?.value
        const handled = [...new Set([...second.numbers, ...third.numbers])]
        assert.deepEqual(effects === 'at-least-once' ? handled : recorded, expected, effects)
      }
    },
  },
  {
    id: 'consume/most-parked-streams',
    laws: ['C6', 'C8'],
    title:
      'stops the group at maxParkedStreams, says why, and goes on behind its checkpoint when started again',
    async run({ open }) {
      const { backend, source } = await open()
      for (let number = 1; number <= 6; number++) {
        await source.append([BAD, OTHER, GOOD][(number - 1) % 3] ?? '', [sampleEvent(number)])
      }
      const options = { group: 'bounded', maxParkedStreams: 1, concurrency: 1 }
      const consumer = await RecordedConsumer.start(backend, options, failingAt([1, 2]))
      const error = await refusal(() => consumer.ended(), 'CONSUMER_STOPPED')
      assert.ok(error.cause instanceof RangeError, 'the error of the handler is the cause')
      const [park, ...parks] = consumer.noticesOf('park')
      const [stop, ...stops] = consumer.noticesOf('stop')
      assert.ok(
        park !== undefined && stop !== undefined,
        'nobody was told of the parked stream and of the end',
      )
      assert.deepEqual([parks, stops], [[], []])
      const { token } = await source.append(GOOD, [sampleEvent(7)])
      await refusal(() => consumer.subscription.caughtUpTo(token), 'CONSUMER_STOPPED')
      const next = await RecordedConsumer.start(backend, { group: 'bounded' })
      await next.subscription.caughtUpTo(token)
      await next.stop()
      assert.ok(
        next.numbers.includes(numberOf(stop.event)),
        'the event that it stopped at was not handled again',
      )
      assert.ok(!next.byStream().has(park.event.streamId), 'the parked stream was handled')
    },
  },
  {
    id: 'consume/skip-policy',
    laws: ['C6', 'C3'],
    title: 'passes over an event that keeps failing, by policy, and goes on with its stream',
    async run({ open }) {
      const { backend, source } = await open()
      const token = await appendInTurns(source)
      const consumer = await RecordedConsumer.start(
        backend,
        { group: 'skipping', onFailure: 'skip' },
        failingAt([3, 9]),
      )
      await consumer.subscription.caughtUpTo(token)
      await consumer.stop()
      assert.deepEqual(consumer.byStream().get(BAD), [1, 5, 7])
      assert.deepEqual(
        consumer.noticesOf('skip').map(({ event }) => numberOf(event)),
        [3, 9],
      )
      assert.deepEqual(await backend.stream.group('skipping').parked(), [])
    },
  },
  {
    id: 'consume/stop-policy',
    laws: ['C6', 'C3'],
    title:
      'stops at an event that keeps failing, by policy, with the handler’s error as cause; a restart meets it first',
    async run({ open }) {
      const { backend, source } = await open()
      await appendInTurns(source)
      const options = { group: 'strict', onFailure: 'stop', concurrency: 1 } as const
      const consumer = await RecordedConsumer.start(backend, options, failingAt([3]))
      const error = await refusal(() => consumer.ended(), 'CONSUMER_STOPPED')
      assert.ok(error.cause instanceof RangeError, 'the error of the handler is the cause')
      assert.deepEqual(
        consumer.noticesOf('retry').map(({ attempt }) => attempt),
        [1, 2],
      )
      assert.deepEqual(
        consumer.numbers.filter((number) => number % 2 === 1),
        [1],
      )
      const next = await RecordedConsumer.start(backend, options)
      await next.hasHandled(10 - consumer.handled.length)
      await next.stop()
      assert.equal(next.byStream().get(BAD)?.[0], 3)
    },
  },
]
