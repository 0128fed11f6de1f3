import assert from 'node:assert/strict'
import { EventStoreError, type Backend, type Capabilities, type SubscribeOptions } from '@eventspine/core'
import { eventually } from '../eventually.ts'
import type { Case, CaseContext } from '../kit.ts'
import { Gate, RecordedConsumer, type RecordedHandler } from '../recorded-consumer.ts'
import { turn } from '../turn.ts'
import { refusal } from '../refusal.ts'
import { numberOf, sampleEvent, sampleEvents, streamsOfPartition } from '../sample-events.ts'

type Effects = NonNullable<SubscribeOptions['effects']>

const SUMS = 'sums'

interface Sum {
  readonly count: number
  readonly sum: number
}

const addToSum =
  (key: string): RecordedHandler =>
  async (event, { documents }) => {
    const before = (await documents.get<Sum>(SUMS, key)) ?? { count: 0, sum: 0 }
    documents.put(SUMS, key, { count: before.count + 1, sum: before.sum + numberOf(event) })
  }

async function sumOf(backend: Backend, key: string): Promise<Sum | undefined> {
  return (await backend.documents.collection<Sum>(SUMS).get(key, { partition: 0 }))?.value
}

/** What a backend without atomic effects says. */
function refusing(effects: Effects): (context: CaseContext) => Promise<void> {
  return async ({ open }) => {
    const { backend } = await open()
    await refusal(
      () => backend.stream.subscribe({ group: 'refused', effects, handlers: () => undefined }),
      'NOT_SUPPORTED',
    )
  }
}

const canBatch = ({ documentBatch }: Capabilities): boolean => documentBatch !== 'none'
const canShare = ({ sharedTransaction }: Capabilities): boolean => sharedTransaction !== 'none'

/** Kinds of atomic effects that a backend has: cases that hold for all run on each. */
function atomicEffects(capabilities: Capabilities): readonly Effects[] {
  return canShare(capabilities) ? ['exactly-once', 'transaction'] : ['exactly-once']
}

export const consumeEffectsCases: readonly Case[] = [
  {
    id: 'consume/effects-once',
    laws: ['C9', 'C4'],
    title: 'counts every event once although handlers fail, hang and are abandoned and consumers start over',
    needs: canBatch,
    refuses: refusing('exactly-once'),
    async run({ open, capabilities }) {
      const { backend, source } = await open()
      const streams = streamsOfPartition(0, 1, 5)
      for (const [index, streamId] of streams.entries())
        await source.append(streamId, sampleEvents(20, index * 20 + 1))
      for (const effects of atomicEffects(capabilities)) {
        const group = `once-${effects}`
        const options = { group, effects, maxInFlightEvents: 10, retry: { attempts: 10, initialDelayMs: 1 } }
        const add = addToSum(group)
        for (let start = 0; start < 4; start++) {
          const gate = new Gate()
          const hangAt = 12 + start
          let calls = 0
          const consumer = await RecordedConsumer.start(backend, options, async (event, context) => {
            await add(event, context)
            calls++
            if (calls % 7 === 0 && calls !== hangAt) throw new Error('fails after it has put')
            if (calls === hangAt) await gate.pass()
          })
          await gate.reached()
          await consumer.subscription.stop({ timeoutMs: 0 })
          gate.open()
        }
        const last = await RecordedConsumer.start(backend, options, add)
        await last.subscription.caughtUpTo(await source.head())
        await last.stop()
        assert.deepEqual(await sumOf(backend, group), { count: 100, sum: 5050 }, effects)
      }
    },
  },
  {
    id: 'consume/effects-with-checkpoint',
    laws: ['C9', 'C3'],
    title:
      'shows effects and checkpoint together: neither is there while a handler of their batch still runs',
    needs: canBatch,
    refuses: refusing('exactly-once'),
    async run({ open }) {
      const { backend, source } = await open()
      await source.append('counter:1', sampleEvents(5))
      const gate = new Gate()
      const add = addToSum('together')
      const options = { group: 'together', effects: 'exactly-once', concurrency: 1 } as const
      const consumer = await RecordedConsumer.start(backend, options, async (event, context) => {
        await add(event, context)
        if (numberOf(event) === 5) await gate.pass()
      })
      await gate.reached()
      const events = await source.read('counter:1')
      const checkpoint = async (): Promise<number> => {
        const [lag] = await backend.stream.group('together').lag()
        return events.findIndex(({ position }) => position === lag?.checkpoint) + 1
      }
      assert.equal(await checkpoint(), (await sumOf(backend, 'together'))?.count ?? 0)
      gate.open()
      await consumer.subscription.caughtUpTo(await source.head())
      assert.deepEqual(await sumOf(backend, 'together'), { count: 5, sum: 15 })
      assert.equal(await checkpoint(), 5)
      await consumer.stop()
    },
  },
  {
    id: 'consume/effects-of-failed-handlers',
    laws: ['C9', 'C6'],
    title: 'writes nothing of what a failed handler had put, and all of what its neighbours did',
    needs: canBatch,
    refuses: refusing('exactly-once'),
    async run({ open, capabilities }) {
      const { backend, source } = await open()
      const streams = streamsOfPartition(0, 1, 3)
      for (const [index, streamId] of streams.entries())
        await source.append(streamId, [sampleEvent(index + 1)])
      for (const effects of atomicEffects(capabilities)) {
        const group = `failed-${effects}`
        const consumer = await RecordedConsumer.start(backend, { group, effects }, async (event, context) => {
          context.documents.put('own', `${group}/${numberOf(event)}`, { there: true })
          await addToSum(group)(event, context)
          if (numberOf(event) === 2) throw new Error('after it has put')
        })
        await consumer.subscription.caughtUpTo(await source.head())
        await consumer.stop()
        const own = backend.documents.collection('own')
        const there = await own.getMany(
          [1, 2, 3].map((number) => `${group}/${number}`),
          { partition: 0 },
        )
        assert.deepEqual(
          there.map((document) => document !== undefined),
          [true, false, true],
          effects,
        )
        assert.deepEqual(await sumOf(backend, group), { count: 2, sum: 4 }, effects)
        assert.equal((await backend.stream.group(group).parked()).length, 1)
      }
    },
  },
  {
    id: 'consume/effects-side-by-side',
    laws: ['C9', 'C2'],
    title: 'loses no update when handlers of different streams change one document side by side',
    needs: canBatch,
    refuses: refusing('exactly-once'),
    async run({ open }) {
      const { backend, source } = await open()
      const streams = streamsOfPartition(0, 1, 10)
      for (const [index, streamId] of streams.entries())
        await source.append(streamId, sampleEvents(10, index * 10 + 1))
      const options = { group: 'side', effects: 'exactly-once', concurrency: 8 } as const
      const consumer = await RecordedConsumer.start(backend, options, async (event, { documents }) => {
        const before = (await documents.get<Sum>(SUMS, 'side')) ?? { count: 0, sum: 0 }
        await turn()
        documents.put(SUMS, 'side', { count: before.count + 1, sum: before.sum + numberOf(event) })
      })
      await consumer.subscription.caughtUpTo(await source.head())
      await consumer.stop()
      assert.deepEqual(await sumOf(backend, 'side'), { count: 100, sum: 5050 })
    },
  },
  {
    id: 'consume/effects-beside-outsiders',
    laws: ['C9'],
    title: 'loses neither update when somebody outside the group changes a document that handlers change',
    needs: canBatch,
    refuses: refusing('exactly-once'),
    async run({ open, capabilities }) {
      const test = await open()
      const { backend, source } = test
      const outside = (await test.sibling()).documents.collection<Sum>(SUMS)
      await source.append('counter:1', sampleEvents(3))
      const group = 'outsiders'
      const gate = new Gate()
      const add = addToSum(group)
      let held = false
      const consumer = await RecordedConsumer.start(
        backend,
        { group, effects: 'exactly-once' },
        async (event, context) => {
          await add(event, context)
          if (numberOf(event) !== 2 || held) return
          held = true
          await gate.pass()
        },
      )
      await gate.reached()
      const standing = await outside.get(group, { partition: 0 })
      const value = { count: (standing?.value.count ?? 0) + 1, sum: (standing?.value.sum ?? 0) + 1000 }
      await outside.put(group, value, { partition: 0 })
      gate.open()
      await consumer.subscription.caughtUpTo(await source.head())
      await consumer.stop()
      assert.deepEqual(await sumOf(backend, group), { count: 4, sum: 1006 }, capabilities.documentBatch)
    },
  },
  {
    id: 'consume/effects-read-own-writes',
    laws: ['C9'],
    title: 'lets a handler read what it and those before it have put and deleted',
    needs: canBatch,
    refuses: refusing('exactly-once'),
    async run({ open, capabilities }) {
      const { backend, source } = await open()
      await source.append('counter:1', sampleEvents(4))
      for (const effects of atomicEffects(capabilities)) {
        const group = `own-${effects}`
        const seen: unknown[] = []
        const consumer = await RecordedConsumer.start(
          backend,
          { group, effects, onFailure: 'stop' },
          async (event, { documents }) => {
            seen.push(await documents.get(SUMS, group))
            if (numberOf(event) === 3) documents.delete(SUMS, group)
            else documents.put(SUMS, group, { count: numberOf(event), sum: 0 })
            seen.push(await documents.get(SUMS, group))
          },
        )
        await consumer.subscription.caughtUpTo(await source.head())
        await consumer.stop()
        const at = (count: number): Sum => ({ count, sum: 0 })
        assert.deepEqual(seen, [undefined, at(1), at(1), at(2), at(2), undefined, undefined, at(4)], effects)
        assert.deepEqual(await sumOf(backend, group), at(4))
      }
    },
  },
  {
    id: 'consume/effects-over-the-limit',
    laws: ['C9', 'C10'],
    title: 'commits in several batches what does not fit into one',
    needs: canBatch,
    refuses: refusing('exactly-once'),
    async run({ open, capabilities }) {
      const { backend, source } = await open()
      const perEvent = 8
      const events = Math.ceil(Math.min(capabilities.maxBatchDocuments, 2000) / perEvent) * 2 + 3
      for (let first = 1; first <= events; first += 100) {
        await source.append('counter:1', sampleEvents(Math.min(100, events - first + 1), first))
      }
      const options = { group: 'large', effects: 'exactly-once', maxInFlightEvents: 1000 } as const
      const consumer = await RecordedConsumer.start(backend, options, (event, { documents }) => {
        for (let index = 0; index < perEvent; index++)
          documents.put('large', `${numberOf(event)}/${index}`, { index })
      })
      await consumer.subscription.caughtUpTo(await source.head(), { timeoutMs: 50_000 })
      await consumer.stop()
      const keys = [1, Math.floor(events / 2), events].flatMap((number) => [
        `${number}/0`,
        `${number}/${perEvent - 1}`,
      ])
      const found = await backend.documents.collection('large').getMany(keys, { partition: 0 })
      assert.deepEqual(
        found.map((document) => document?.key),
        keys,
      )
    },
  },
  {
    id: 'consume/effects-need-asking',
    laws: ['C9'],
    title: 'refuses document effects to handlers whose subscription did not ask for atomic ones',
    async run({ open }) {
      const { backend, source } = await open()
      await source.append('counter:1', [sampleEvent(1)])
      const errors: unknown[] = []
      const consumer = await RecordedConsumer.start(
        backend,
        { group: 'unasked' },
        async (_, { documents }) => {
          const tries: readonly (() => unknown)[] = [
            () => documents.put('c', 'k', 1),
            () => documents.delete('c', 'k'),
            () => documents.get('c', 'k'),
          ]
          for (const attempt of tries) {
            try {
              await attempt()
            } catch (error) {
              errors.push(error)
            }
          }
        },
      )
      await consumer.hasHandled(1)
      await consumer.stop()
      assert.equal(errors.length, 3)
      for (const error of errors) assert.ok(EventStoreError.is(error, 'NOT_SUPPORTED'), String(error))
    },
  },
  {
    id: 'consume/transaction-effects',
    laws: ['C9', 'C3'],
    title:
      'runs handlers within the transaction that also holds the checkpoint, and tells them of its client where declared',
    needs: canShare,
    refuses: refusing('transaction'),
    async run({ open, capabilities }) {
      const { backend, source } = await open()
      await source.append('counter:1', sampleEvents(6))
      const clients: unknown[] = []
      const add = addToSum('shared')
      const options = { group: 'shared', effects: 'transaction' } as const
      const consumer = await RecordedConsumer.start(backend, options, async (event, context) => {
        clients.push(context.transaction)
        await add(event, context)
      })
      await consumer.subscription.caughtUpTo(await source.head())
      await eventually(
        'effects and checkpoint are there',
        async () => (await sumOf(backend, 'shared'))?.count === 6,
      )
      await consumer.stop()
      assert.deepEqual(consumer.numbers, [1, 2, 3, 4, 5, 6])
      for (const client of clients) {
        assert.equal(client !== undefined && client !== null, capabilities.sharedTransaction === 'native')
      }
      assert.equal((await backend.stream.group('shared').lag())[0]?.events, 0)
    },
  },
]
