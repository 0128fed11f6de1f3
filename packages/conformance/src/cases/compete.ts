import assert from 'node:assert/strict'
import type { Capabilities, SubscribeOptions } from '@eventspine/core'
import { ChildProcess } from '../child/child-process.ts'
import { eventually } from '../eventually.ts'
import type { Case, CaseContext } from '../kit.ts'
import { Gate, QUICK, RecordedConsumer, type RecordedHandler } from '../recorded-consumer.ts'
import { refusal } from '../refusal.ts'
import { numberOf, sampleEvent, sampleEvents } from '../sample-events.ts'

const ordering = 'none'

const needs = ({ competingConsumers }: Capabilities): boolean => competingConsumers

/** Where events cannot be handed out one by one, nobody gets a group that looks as if they were. */
async function refusesNoOrder({ open }: CaseContext): Promise<void> {
  const { stream } = (await open()).backend
  const options: SubscribeOptions = { group: 'unordered', ordering, handlers: () => undefined }
  await refusal(() => stream.subscribe(options), 'NOT_SUPPORTED')
  await refusal(() => stream.runOnce({ ...options, budgetMs: 10 }), 'NOT_SUPPORTED')
  await refusal(() => stream.group('unordered', { ordering }), 'NOT_SUPPORTED')
}

const ascending = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b)

function numbersTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1)
}

const failingAt =
  (bad: number): RecordedHandler =>
  (event) => {
    if (numberOf(event) === bad) throw new Error('cannot handle this')
  }

const supported = { needs, refuses: refusesNoOrder }

export const competeCases: readonly Case[] = [
  {
    id: 'compete/shared-by-event',
    laws: ['C1', 'C8'],
    title:
      'hands every event of a stream to one member of a group without order, all members at once, and leaves nothing in hand',
    ...supported,
    async run({ open }) {
      const test = await open({ partitions: 2 })
      const gate = new Gate()
      const members: RecordedConsumer[] = []
      for (const backend of [test.backend, await test.sibling()]) {
        members.push(
          await RecordedConsumer.start(backend, { group: 'shared', ordering, concurrency: 2 }, () =>
            gate.pass(),
          ),
        )
      }
      const { token: other } = await test.source.append('counter:1', sampleEvents(40))
      const { token } = await test.source.append('counter:2', sampleEvents(40, 41))
      await eventually('both members have events of one stream in hand', () =>
        members.every(({ mostAtOnce }) => mostAtOnce >= 2),
      )
      gate.open()
      const [first] = members
      assert.ok(first !== undefined, 'there are two members')
      await first.subscription.caughtUpTo(`${other},${token}`)
      const lag = await test.backend.stream.group('shared', { ordering }).lag()
      await Promise.all(members.map((member) => member.stop()))
      assert.deepEqual(ascending(members.flatMap(({ numbers }) => numbers)), numbersTo(80))
      assert.ok(
        lag.every(({ events, parkedStreams }) => events === 0 && parkedStreams === 0),
        'something is left of a group that is through',
      )
    },
  },
  {
    id: 'compete/start-and-resume',
    laws: ['C1', 'C7', 'F5'],
    title:
      'begins a group without order where asked, goes on behind what was handled, and knows nothing of a group with order',
    ...supported,
    async run({ open }) {
      const test = await open()
      const { backend, source } = test
      const { token } = await source.append('counter:1', sampleEvents(3))
      const ordered = await RecordedConsumer.start(backend, { group: 'resumed' })
      await ordered.subscription.caughtUpTo(token)
      await ordered.stop()
      const run = async (options: Partial<SubscribeOptions>): Promise<readonly number[]> => {
        const consumer = RecordedConsumer.unstarted()
        const group = 'resumed'
        const once = consumer.options({ group, ordering, ...options, budgetMs: 10_000 } as const)
        const { caughtUp, handled } = await backend.stream.runOnce(once)
        assert.ok(caughtUp, 'the run left something')
        assert.equal(handled, consumer.handled.length)
        return ascending(consumer.numbers)
      }
      assert.deepEqual(await run({}), [1, 2, 3])
      assert.deepEqual(await run({ group: 'end', startFrom: 'end' }), [])
      await source.append('counter:1', [sampleEvent(4)])
      assert.deepEqual(await run({}), [4])
      assert.deepEqual(await run({ group: 'end' }), [4])
      assert.deepEqual(await run({ group: 'token', startFrom: token }), [4])
      assert.deepEqual(await run({}), [])
      const foreign = await open()
      const { token: elsewhere } = await foreign.source.append('counter:1', sampleEvents(2))
      const lost = await RecordedConsumer.start(backend, { group: 'foreign', ordering, startFrom: elsewhere })
      await refusal(() => lost.ended(), 'INVALID_ARGUMENT')
    },
  },
  {
    id: 'compete/retry-and-park',
    laws: ['C6', 'C8'],
    title:
      'tries a failing event again after pauses, then parks it alone: later events of its stream go on; replay and skip are for it',
    ...supported,
    async run({ open }) {
      const test = await open()
      const { backend, source } = test
      let healed = false
      const handler: RecordedHandler = (event) => {
        if (!healed && [2, 5].includes(numberOf(event))) throw new Error('cannot handle this')
      }
      const member = await RecordedConsumer.start(backend, { group: 'parking', ordering }, handler)
      await source.append('counter:1', sampleEvents(3))
      const { token } = await source.append('counter:2', sampleEvents(3, 4))
      await member.subscription.caughtUpTo(token)
      assert.deepEqual(ascending(member.numbers), [1, 3, 4, 6])
      assert.equal(member.noticesOf('retry').length, 2 * (QUICK.retry.attempts - 1))
      assert.equal(member.noticesOf('park').length, 2)
      const group = backend.stream.group('parking', { ordering })
      const parked = await group.parked()
      assert.deepEqual(
        parked.map(({ streamId, attempts, error }) => ({ streamId, attempts, error })),
        ['counter:1', 'counter:2'].map((streamId) => ({
          streamId,
          attempts: QUICK.retry.attempts,
          error: 'Error: cannot handle this',
        })),
      )
      const [first] = parked
      assert.ok(first !== undefined, 'nothing is parked')
      assert.deepEqual((await group.waiting(first).toArray()).map(numberOf), [2])
      assert.equal((await group.lag())[0]?.parkedStreams, 2)
      healed = true
      await group.replay('counter:1')
      await eventually('the event is handled again', () => member.numbers.includes(2))
      await group.skip('counter:2')
      await refusal(() => group.skip('counter:2'), 'INVALID_ARGUMENT')
      await refusal(() => group.replay('counter:3'), 'INVALID_ARGUMENT')
      assert.deepEqual(await group.parked(), [])
      await member.stop()
      assert.deepEqual(ascending(member.numbers), [1, 2, 3, 4, 6])
    },
  },
  {
    id: 'compete/policies',
    laws: ['C6'],
    title:
      'skips or stops at a failing event by policy, and stops when too many are parked; nothing is lost by it',
    ...supported,
    async run({ open }) {
      const test = await open()
      const { backend, source } = test
      const { token } = await source.append('counter:1', sampleEvents(4))
      const skipping = await RecordedConsumer.start(
        backend,
        { group: 'skipping', ordering, onFailure: 'skip' },
        failingAt(2),
      )
      await skipping.subscription.caughtUpTo(token)
      await skipping.stop()
      assert.deepEqual(ascending(skipping.numbers), [1, 3, 4])
      assert.equal(skipping.noticesOf('skip').length, 1)
      const options = { group: 'stopping', ordering, concurrency: 1 } as const
      for (const policy of [{ onFailure: 'stop' }, { maxParkedStreams: 0 }] as const) {
        const stopping = await RecordedConsumer.start(backend, { ...options, ...policy }, failingAt(2))
        const error = await refusal(() => stopping.ended(), 'CONSUMER_STOPPED')
        assert.equal((error.cause as Error | undefined)?.message, 'cannot handle this')
        assert.equal(stopping.noticesOf('stop').length, 1)
      }
      const after = await RecordedConsumer.start(backend, options)
      await after.subscription.caughtUpTo(token)
      await after.stop()
      assert.ok(after.numbers.includes(2), 'the event that stopped the group is gone')
    },
  },
  {
    id: 'compete/stop-gives-back',
    laws: ['C7', 'C4'],
    title:
      'finishes on stop what handlers have in hand, and gives the rest to others at once, whatever the lease',
    ...supported,
    async run({ open }) {
      const test = await open()
      const gate = new Gate()
      const options = { group: 'stopped', ordering, concurrency: 1, leaseMs: 60_000 } as const
      const first = await RecordedConsumer.start(test.backend, options, () => gate.pass())
      const { token } = await test.source.append('counter:1', sampleEvents(10))
      await eventually('an event is in hand', () => first.mostAtOnce === 1)
      const stopped = first.stop()
      gate.open()
      await stopped
      assert.equal(first.handled.length, 1)
      const second = await RecordedConsumer.start(await test.sibling(), options)
      await second.subscription.caughtUpTo(token)
      await second.stop()
      assert.deepEqual(ascending([...first.numbers, ...second.numbers]), numbersTo(10))
      assert.ok(
        second.handled.every(({ attempt }) => attempt === 1),
        'what was never tried counts as tried',
      )
    },
  },
  {
    id: 'compete/slow-handlers',
    laws: ['C10', 'C2'],
    title:
      'keeps what is in hand for as long as handlers take, beyond the lease, and no more than they can do',
    ...supported,
    async run({ open }) {
      const test = await open()
      const gate = new Gate()
      const options = { group: 'slow', ordering, concurrency: 3, leaseMs: 1500 } as const
      const slow = await RecordedConsumer.start(test.backend, options, () => gate.pass())
      const { token } = await test.source.append('counter:1', sampleEvents(30))
      await eventually('handlers are at work', () => slow.mostAtOnce === 3)
      const other = await RecordedConsumer.start(await test.sibling(), options)
      await eventually('the other has done the rest', () => other.handled.length >= 24)
      const [before] = await test.backend.stream.group('slow', { ordering }).lag()
      assert.ok((before?.events ?? 0) >= 3, 'what is in hand counts as done')
      const atEnd = other.handled.length
      // More than twice the lease: nothing of what the slow one has may come to the other.
      const until = performance.now() + 3500
      await eventually('the lease has passed twice', () => performance.now() > until)
      assert.equal(other.handled.length, atEnd)
      gate.open()
      await slow.subscription.caughtUpTo(token)
      await Promise.all([slow.stop(), other.stop()])
      assert.equal(slow.mostAtOnce, 3)
      assert.deepEqual(ascending([...slow.numbers, ...other.numbers]), numbersTo(30))
    },
  },
  {
    id: 'compete/killed-member',
    laws: ['C4', 'C1'],
    title: 'hands what a killed member had in hand to another, once its lease has passed, and counts the try',
    timeoutMs: 120_000,
    needs: ({ competingConsumers, multiProcess }) => competingConsumers && multiProcess,
    async refuses(context) {
      if (!context.capabilities.competingConsumers) await refusesNoOrder(context)
      else assert.equal((await context.open()).child, undefined)
    },
    async run({ open }) {
      const test = await open()
      assert.ok(test.child !== undefined, 'the test bed must say how another process opens the store')
      const events = sampleEvents(60)
      const { token } = await test.source.append('counter:1', events)
      const held = events[20]?.id ?? ''
      const options = { group: 'killed', ordering, leaseMs: 700, concurrency: 4 } as const
      await using child = await ChildProcess.open(test.child)
      await child.call('consume', { ...options, name: 'child', holdAtId: held })
      await child.said('handling', ({ id }) => id === held, 30_000)
      await child.kill()
      const before = child.notes('handled').map(({ id }) => id)
      const member = await RecordedConsumer.start(test.backend, options)
      await member.subscription.caughtUpTo(token)
      await member.stop()
      const after = member.handled.map(({ id }) => id)
      assert.deepEqual(new Set([...before, ...after]), new Set(events.map(({ id }) => id)))
      assert.equal(new Set(after).size, after.length, 'the successor handled an event twice')
      const repeated = after.filter((id) => before.includes(id))
      assert.ok(repeated.length <= 2 * options.concurrency, `${repeated.length} events were repeated`)
      assert.equal(member.handled.find(({ id }) => id === held)?.attempt, 2)
    },
  },
  {
    id: 'compete/bad-options',
    laws: [],
    title: 'refuses bad options of a group without order by their names, before any I/O',
    ...supported,
    async run({ open }) {
      const { stream, capabilities } = (await open()).backend
      const handlers = (): void => undefined
      const refused = async (options: object, field: string): Promise<void> => {
        const error = await refusal(
          () => stream.subscribe({ group: 'bad', ordering, handlers, ...options }),
          'INVALID_ARGUMENT',
        )
        assert.equal(error.field, field)
      }
      await refused({ ordering: 'any' }, 'ordering')
      if (capabilities.documentBatch !== 'none') await refused({ effects: 'exactly-once' }, 'effects')
      await refused({ concurrency: 0 }, 'concurrency')
    },
  },
]
