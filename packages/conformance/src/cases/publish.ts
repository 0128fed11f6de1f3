import assert from 'node:assert/strict'
import { EventStoreError, type PublishEvent } from '@eventspine/core'
import type { Case } from '../kit.ts'
import { RecordedConsumer } from '../recorded-consumer.ts'
import { turn } from '../turn.ts'
import { refusal, refusalAtOnce } from '../refusal.ts'
import { sampleEvent } from '../sample-events.ts'

function published(streamId: string, number: number): PublishEvent {
  return { ...sampleEvent(number), streamId }
}

function numbersTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

export const publishCases: readonly Case[] = [
  {
    id: 'publish/delivered',
    laws: ['S1'],
    title: 'delivers what was published to every group, as published, after reopening too',
    async run({ open }) {
      const test = await open({ partitions: 4 })
      const event: PublishEvent = {
        ...published('news:1', 1),
        metadata: { correlationId: 'c-1', own: [1, 'two'] },
        tags: ['a', 'b'],
        occurredAt: '2024-02-29T12:00:00.000Z',
        schemaVersion: 3,
      }
      await test.backend.stream.publish(event)
      const backend = await test.reopen()
      for (const group of ['first', 'second']) {
        const consumer = await RecordedConsumer.start(backend, { group }, (delivered) => {
          const { id, type, data, metadata, tags, occurredAt, schemaVersion, streamId } = delivered
          assert.deepEqual({ id, type, data, metadata, tags, occurredAt, schemaVersion, streamId }, event)
        })
        await consumer.hasHandled(1)
        await consumer.stop()
      }
    },
  },
  {
    id: 'publish/order-of-calls',
    laws: ['S2', 'S1'],
    title: 'keeps the order of calls within a key, awaited or not, and of the events within a call',
    async run({ open }) {
      const { backend } = await open({ partitions: 4 })
      const keys = ['a', 'b', 'c', 'd', 'e']
      const calls: Promise<unknown>[] = []
      for (let number = 1; number <= 40; number++) {
        for (const [index, key] of keys.entries()) {
          const events = number % 3 === 0 ? [published(key, number * 2 - 1), published(key, number * 2)] : []
          const single = number % 3 === 0 ? [] : [published(key, number * 2)]
          const call = backend.stream.publish([...events, ...single])
          if ((number + index) % 7 === 0) await call
          else calls.push(call)
        }
      }
      await Promise.all(calls)
      const expected = numbersTo(80).filter((number) => number % 2 === 0 || Math.ceil(number / 2) % 3 === 0)
      const consumer = await RecordedConsumer.start(backend, { group: 'order' })
      await consumer.hasHandled(expected.length * keys.length)
      await consumer.stop()
      for (const key of keys) assert.deepEqual(consumer.byStream().get(key), expected, key)
    },
  },
  {
    id: 'publish/several-keys',
    laws: ['S2', 'S4'],
    title: 'takes events of several keys in one call, gives a token for all of them, and takes none at all',
    async run({ open }) {
      const { backend } = await open({ partitions: 4 })
      const events = Array.from({ length: 12 }, (_, index) => published(`key:${index % 5}`, index + 1))
      const { token } = await backend.stream.publish(events)
      const consumer = await RecordedConsumer.start(backend, { group: 'keys' })
      await consumer.subscription.caughtUpTo(token)
      await consumer.stop()
      assert.deepEqual(
        [...consumer.numbers].sort((a, b) => a - b),
        numbersTo(12),
      )
      const nothing = await backend.stream.publish([])
      assert.equal(typeof nothing.token, 'string')
    },
  },
  {
    id: 'publish/apart-from-aggregates',
    laws: ['S4', 'A2'],
    title: 'never touches the stream of an aggregate that has the same name',
    needs: ({ store }) => store,
    async refuses({ open }) {
      const { backend } = await open()
      await refusal(() => backend.store.head('counter:1'), 'NOT_SUPPORTED')
    },
    async run({ open }) {
      const { backend } = await open()
      await backend.store.append('counter:1', [sampleEvent(1)])
      await backend.stream.publish([published('counter:1', 2), published('counter:2', 3)])
      assert.equal((await backend.store.head('counter:1')).version, 1)
      assert.equal((await backend.store.head('counter:2')).version, 0)
      await backend.store.append('counter:1', [sampleEvent(4)], { expectedVersion: 1 })
      await backend.store.append('counter:2', [sampleEvent(5)], { expectedVersion: 'none' })
      assert.equal((await backend.store.read('counter:1').toArray()).length, 2)
    },
  },
  {
    id: 'publish/abort',
    laws: ['S3', 'S4'],
    title:
      'says of an aborted publish whether it may have happened; a repeat after unknown doubles at most once',
    async run({ open }) {
      const { backend } = await open()
      const before = new AbortController()
      before.abort()
      await refusal(
        () => backend.stream.publish(published('aborted', 1), { signal: before.signal }),
        'ABORTED',
      )
      const outcomes = new Map<string, string>()
      let token = ''
      for (let microtasks = 0; microtasks < 40; microtasks++) {
        const abort = new AbortController()
        const event = { ...sampleEvent(microtasks), streamId: 'aborted' }
        const attempt = backend.stream.publish(event, { signal: abort.signal }).then(
          () => 'published',
          (error: unknown) => {
            assert.ok(EventStoreError.is(error, 'ABORTED'), String(error))
            return error.outcome
          },
        )
        for (let turn = 0; turn < microtasks; turn++) await Promise.resolve()
        abort.abort()
        const outcome = await attempt
        outcomes.set(event.id, outcome)
        ;({ token } = await backend.stream.publish(event))
      }
      assert.equal(outcomes.size, 40)
      const consumer = await RecordedConsumer.start(backend, { group: 'aborted' })
      await consumer.subscription.caughtUpTo(token)
      await consumer.stop()
      for (const [published, outcome] of outcomes) {
        const times = consumer.handled.filter(({ id }) => id === published).length
        if (outcome === 'not-applied') assert.equal(times, 1, 'not applied, and yet there')
        else if (outcome === 'published') assert.equal(times, 2)
        else assert.ok(times === 1 || times === 2, `unknown, and there ${times} times`)
      }
      assert.ok([...outcomes.values()].includes('unknown'), 'no abort met a publish under way')
    },
  },
  {
    id: 'publish/lost-reply',
    laws: ['S3', 'C1'],
    title:
      'says that nobody knows when a reply is lost and that a repeat may double, and delivers at least once',
    async run({ open }) {
      const { backend, loseReply } = await open()
      const event = published('counter:lost', 1)
      const abort = new AbortController()
      await loseReply?.()
      const attempt = backend.stream.publish(event, { signal: abort.signal })
      if (loseReply === undefined) {
        // Giving up on the call under way comes nearest.
        await turn()
        abort.abort()
      }
      const error = await attempt.then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      // A client that recognises what it sends again may get its answer in the end.
      const recognised = error === undefined && backend.capabilities.stream === 'native'
      if (error !== undefined || (loseReply !== undefined && !recognised)) {
        assert.ok(EventStoreError.is(error), `expected a typed error, got ${String(error)}`)
        assert.equal(error.outcome, 'unknown')
        assert.match(error.message, /double/)
      }
      const { token } = await backend.stream.publish(event)
      const consumer = await RecordedConsumer.start(backend, { group: 'doubles' })
      await consumer.subscription.caughtUpTo(token)
      await consumer.stop()
      const times = consumer.handled.length
      const most = recognised && loseReply !== undefined ? [2] : [1, 2]
      assert.ok(most.includes(times), `it was delivered ${times} times`)
    },
  },
  {
    id: 'publish/refusals',
    laws: ['S4'],
    title: 'refuses what cannot be placed, names the field, and places none of the call’s events',
    async run({ open }) {
      const { backend } = await open()
      const cases: readonly (readonly [field: string, events: unknown])[] = [
        ['events[0].streamId', [{ ...sampleEvent(1) }]],
        ['events[1].streamId', [published('fine', 1), published('', 2)]],
        ['events[0].streamId', [published('x'.repeat(256), 1)]],
        ['events[0].streamId', [published('two\nlines', 1)]],
        ['events[1]', [published('fine', 1), null]],
        ['events[1].type', [published('fine', 1), { ...published('fine', 2), type: '' }]],
        ['events[0].data.when', [{ ...published('fine', 1), data: { when: new Date(0) } }]],
        ['events[1].id', [published('fine', 1), { ...published('other', 2), id: 'no uuid' }]],
      ]
      for (const [field, events] of cases) {
        // Callers without types give anything.
        await refusalAtOnce(() => backend.stream.publish(events as PublishEvent[]), 'INVALID_ARGUMENT', field)
      }
      const { token } = await backend.stream.publish(published('fine', 9))
      const consumer = await RecordedConsumer.start(backend, { group: 'after' })
      await consumer.subscription.caughtUpTo(token)
      await consumer.stop()
      assert.deepEqual(consumer.numbers, [9])
    },
  },
]
