import assert from 'node:assert/strict'
import { type Backend, EventStoreError, type RecordedEvent } from '@eventspine/core'
import { claimCheckOf, failingDocuments, HoldingTarget, payloadsOf, write } from '../claim-check-bed.ts'
import { eventually } from '../eventually.ts'
import type { Case } from '../kit.ts'
import { refusal } from '../refusal.ts'
import { numberOf, sampleEvent, sampleEvents } from '../sample-events.ts'

const STREAM = 'counter:apart'

/** What a group of `backend` is given up to now, whether that is a store or a log. */
async function delivered(backend: Backend, group: string): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = []
  await backend.stream.runOnce({ group, budgetMs: 60_000, handlers: (event) => void events.push(event) })
  return events
}

function unavailable(): EventStoreError {
  return new EventStoreError('BACKEND_UNAVAILABLE', 'the payloads are out of reach', { retryable: true })
}

function lostReply(): EventStoreError {
  return new EventStoreError('OUTCOME_UNKNOWN', 'the reply was lost', { outcome: 'unknown', retryable: true })
}

export const payloadCases: readonly Case[] = [
  {
    id: 'payloads/joined',
    laws: ['P1', 'R5'],
    title: 'gives readers the data as it was written, and keeps none of it with the event',
    async run({ open }) {
      const test = await open()
      const { target } = claimCheckOf(test)
      const events = [
        ...sampleEvents(5),
        { type: 'Bytes', data: new Uint8Array([1, 2, 250]) },
        { type: 'Null', data: null },
      ]
      await write(test.backend, STREAM, events)
      const read = await delivered(test.backend, 'joined')
      assert.deepEqual(
        read.map(({ data }) => data),
        events.map(({ data }) => data),
      )
      const bare = await delivered(target, 'bare')
      assert.deepEqual(
        bare.map(({ id, type, metadata }) => [id, type, metadata]),
        read.map(({ id, type, metadata }) => [id, type, metadata]),
      )
      for (const event of bare) await refusal(() => event.data, 'NOT_SUPPORTED')
    },
  },
  {
    id: 'payloads/before-reference',
    laws: ['P1'],
    title: 'has the payload in its store before the event is sent',
    async run({ open }) {
      const test = await open()
      const { target, payloads, decorate } = claimCheckOf(test)
      const holding = new HoldingTarget(target)
      const writer = decorate(holding.backend, payloads.documents)
      const held = holding.holdNext()
      const written = write(writer, STREAM, [sampleEvent(1)])
      try {
        await held.reached
        assert.equal((await payloadsOf(payloads)).size, 1, 'the payload is there before the event')
      } finally {
        held.release()
        await written
      }
      assert.deepEqual((await delivered(test.backend, 'after')).map(numberOf), [1])
    },
  },
  {
    id: 'payloads/unwritten',
    laws: ['P1'],
    title: 'writes no event whose payload could not be written, and says that nothing was applied',
    async run({ open }) {
      const test = await open()
      const { target, payloads, decorate } = claimCheckOf(test)
      const failing = failingDocuments(payloads, { when: 'before', error: unavailable() })
      const writer = decorate(new HoldingTarget(target).backend, failing.documents)
      await refusal(() => write(writer, STREAM, sampleEvents(3)), 'BACKEND_UNAVAILABLE', { retryable: true })
      await write(writer, STREAM, [sampleEvent(4)])
      assert.deepEqual((await delivered(test.backend, 'after')).map(numberOf), [4])
    },
  },
  {
    id: 'payloads/lost-reply',
    laws: ['P1', 'P2'],
    title:
      'writes no event when the reply to its payload is lost, and uses what is there when it is repeated',
    async run({ open }) {
      const test = await open()
      const { target, payloads, decorate } = claimCheckOf(test)
      const failing = failingDocuments(payloads, { when: 'after', error: lostReply() })
      const writer = decorate(new HoldingTarget(target).backend, failing.documents)
      const events = [sampleEvent(1)]
      const error = await write(writer, STREAM, events, 0).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      assert.ok(EventStoreError.is(error), 'the lost reply is an error of the call')
      assert.ok(error.retryable, 'the call may be repeated')
      if (test.backend.capabilities.store) assert.equal(error.outcome, 'not-applied')
      const [left] = await payloadsOf(payloads)
      assert.ok(left !== undefined, 'the payload was written')
      await write(writer, STREAM, events, 0)
      const kept = await payloadsOf(payloads)
      assert.deepEqual([...kept.keys()], [left[0]], 'no second payload')
      if (test.backend.capabilities.store)
        assert.equal(kept.get(left[0]), left[1], 'what an expected version fences is not written again')
      assert.deepEqual((await delivered(test.backend, 'after')).map(numberOf), [1])
    },
  },
  {
    id: 'payloads/other-data',
    laws: ['P2'],
    title:
      'takes no attempt’s payload for another’s, although the id, the stream and the version are the same',
    needs: ({ store }) => store,
    refuses: async ({ open }) => {
      const { backend } = await open()
      await refusal(() => backend.store.append(STREAM, sampleEvents(1)), 'NOT_SUPPORTED')
    },
    async run({ open }) {
      const test = await open()
      const { target, payloads, decorate } = claimCheckOf(test)
      const holding = new HoldingTarget(target)
      const slow = decorate(holding.backend, payloads.documents)
      const first = sampleEvent(1)
      const held = holding.holdNext()
      const outrun = refusal(() => write(slow, STREAM, [first], 0), 'ID_REUSED')
      await held.reached
      const second = { ...first, data: { ...first.data, number: 2 } }
      await write(test.backend, STREAM, [second], 0)
      held.release()
      await outrun
      assert.deepEqual((await test.backend.store.read(STREAM).toArray()).map(numberOf), [2])
      assert.equal((await payloadsOf(payloads)).size, 2)
    },
  },
  {
    id: 'payloads/racing-readers',
    laws: ['P1', 'F4'],
    title: 'shows readers that race writers no event without its data',
    async run({ open }) {
      const test = await open({ partitions: 2 })
      const { backend } = test
      const reader = await test.sibling()
      const writers = 4
      const each = 20
      const seen: number[] = []
      const subscription = await reader.stream.subscribe({
        group: 'racing',
        handlers: (event) => void seen.push(numberOf(event)),
        onFailure: 'stop',
        retry: { attempts: 1 },
      })
      let ended = false
      const end = (): void => void (ended = true)
      subscription.completed.then(end, end)
      await Promise.all(
        Array.from({ length: writers }, async (_, writer) => {
          for (let number = 0; number < each; number++)
            await write(backend, `counter:${writer}`, [sampleEvent(writer * each + number)])
        }),
      )
      await eventually(
        'all events are read, or the reader failed',
        () => ended || seen.length >= writers * each,
        60_000,
      )
      await (ended ? subscription.completed : subscription.stop())
      assert.deepEqual(
        seen.toSorted((a, b) => a - b),
        Array.from({ length: writers * each }, (_, number) => number),
      )
    },
  },
]
