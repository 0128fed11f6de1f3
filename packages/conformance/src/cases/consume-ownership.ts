import assert from 'node:assert/strict'
import { eventually } from '../eventually.ts'
import type { Case, CaseContext } from '../kit.ts'
import { ownedByLeases } from '../owned-by-leases.ts'
import { Gate, RecordedConsumer } from '../recorded-consumer.ts'
import { turn } from '../turn.ts'
import { numberOf, sampleEvent, sampleEvents, streamsOfPartition } from '../sample-events.ts'
import { readCheckpoint, usurp } from '../usurper.ts'

/** Groups of the backend's own decide who owns what: nothing that a case could write makes another the owner. */
async function hasNoCheckpoint({ open }: CaseContext): Promise<void> {
  const { backend, source } = await open()
  const { token } = await source.append('counter:1', [sampleEvent(1)])
  const consumer = await RecordedConsumer.start(backend, { group: 'native' })
  await consumer.subscription.caughtUpTo(token)
  if (backend.capabilities.documents) assert.equal(await readCheckpoint(backend, 'native'), undefined)
  await consumer.stop()
}

export const consumeOwnershipCases: readonly Case[] = [
  {
    id: 'consume/one-owner',
    laws: ['C5', 'C2'],
    title:
      'gives a partition to one member of a group at a time, and to the next at once when it is given back',
    async run({ open }) {
      const test = await open()
      const clients = [test.backend, await test.sibling(), await test.sibling()] as const
      const members: RecordedConsumer[] = []
      for (const client of clients) {
        members.push(await RecordedConsumer.start(client, { group: 'one', leaseMs: 4000 }, () => turn()))
      }
      const waiting = new Set(members)
      const tokens: number[] = []
      for (let round = 0; round < 3; round++) {
        const { token } = await test.source.append('counter:1', sampleEvents(10, round * 10 + 1))
        const [anyOfThem] = waiting
        await anyOfThem?.subscription.caughtUpTo(token)
        const owners = [...waiting].filter(({ handled }) => handled.length > 0)
        const [owner] = owners
        assert.ok(owner !== undefined && owners.length === 1, `${owners.length} members handled events`)
        assert.deepEqual(
          owner.numbers,
          Array.from({ length: 10 }, (_, index) => round * 10 + index + 1),
        )
        tokens.push(owner.handled[0]?.fencingToken ?? 0)
        const startedMs = performance.now()
        await owner.stop()
        waiting.delete(owner)
        if (waiting.size === 0) break
        await eventually('another member owns it', () =>
          [...waiting].some((other) => other.noticesOf('owned').length > 0),
        )
        const tookMs = performance.now() - startedMs
        assert.ok(tookMs < 3900, 'a partition that was given back was waited for like a lost one')
      }
      assert.ok(
        (tokens[0] ?? 0) < (tokens[1] ?? 0) && (tokens[1] ?? 0) < (tokens[2] ?? 0),
        `tokens ${tokens.join(', ')}`,
      )
    },
  },
  {
    id: 'consume/partitions-shared',
    laws: ['C5', 'C1', 'C2'],
    title: 'shares eight partitions between two members, and gives all to the one that stays',
    async run({ open }) {
      const test = await open({ partitions: 8 })
      const { backend, source } = test
      const sibling = await test.sibling()
      const streams = Array.from(
        { length: 8 },
        (_, partition) => streamsOfPartition(partition, 8, 1)[0] ?? '',
      )
      const appendRound = async (round: number): Promise<void> => {
        for (const [index, streamId] of streams.entries())
          await source.append(streamId, [sampleEvent(round * 8 + index + 1)])
      }
      const options = { group: 'shared', leaseMs: 600 }
      const first = await RecordedConsumer.start(backend, options)
      await eventually('the first member owns all', () => first.noticesOf('owned').length === 8)
      const second = await RecordedConsumer.start(sibling, options)
      await eventually('the second member owns its share', () => second.noticesOf('owned').length >= 4)
      await appendRound(0)
      await eventually('all are handled', () => first.handled.length + second.handled.length >= 8)
      assert.ok(first.handled.length > 0 && second.handled.length > 0, 'one member handled all')
      assert.equal(first.handled.length + second.handled.length, 8, 'an event was handled by both members')
      await first.stop()
      await appendRound(1)
      await eventually(
        'the one that stays handles all',
        () => first.handled.length + second.handled.length >= 16,
      )
      await second.stop()
      const all = [...first.numbers, ...second.numbers]
      assert.equal(new Set(all).size, 16)
      assert.equal(all.length, 16)
    },
  },
  {
    id: 'consume/lost-lease',
    laws: ['C5', 'C3', 'C8'],
    title: 'aborts the signal of an owner that was taken over, and refuses its checkpoint',
    needs: ownedByLeases,
    refuses: hasNoCheckpoint,
    async run({ open }) {
      const test = await open()
      const { backend, source } = test
      await source.append('counter:1', sampleEvents(3))
      const gate = new Gate()
      let signal: AbortSignal | undefined
      const consumer = await RecordedConsumer.start(
        backend,
        { group: 'taken', leaseMs: 600 },
        async (event, context) => {
          if (numberOf(event) !== 2) return
          signal = context.signal
          await gate.pass()
        },
      )
      await gate.reached()
      const usurped = await usurp(await test.sibling(), 'taken')
      await eventually('the former owner is told', () => signal?.aborted === true)
      gate.open()
      await eventually('the loss is told', () => consumer.noticesOf('lease-lost').length === 1)
      await consumer.subscription.stop()
      assert.deepEqual(await readCheckpoint(backend, 'taken'), usurped, 'a former owner wrote its checkpoint')
      assert.deepEqual(
        consumer.numbers.filter((number) => number > 2),
        [],
        'it went on after it had lost the partition',
      )
    },
  },
  {
    id: 'consume/late-effects-refused',
    laws: ['C5', 'C9'],
    title: 'refuses the effects of an owner that was taken over while its handler ran',
    needs: (capabilities) => ownedByLeases(capabilities) && capabilities.documentBatch !== 'none',
    async refuses(context) {
      const { open, capabilities } = context
      if (!ownedByLeases(capabilities)) return hasNoCheckpoint(context)
      const { backend } = await open()
      await assert.rejects(
        backend.stream.subscribe({ group: 'none', effects: 'exactly-once', handlers: () => undefined }),
        {
          code: 'NOT_SUPPORTED',
        },
      )
    },
    async run({ open }) {
      const test = await open()
      const { backend, source } = test
      await source.append('counter:1', [sampleEvent(1)])
      const { sharedTransaction, callsBesideTransaction } = backend.capabilities
      const kinds =
        sharedTransaction === 'none'
          ? (['exactly-once'] as const)
          : (['exactly-once', 'transaction'] as const)
      // A short lease lets the owner find out while its handler runs; with a long one only the write itself can tell.
      for (const leaseMs of [600, 60_000]) {
        for (const effects of kinds) {
          // What can be written beside an open transaction differs: there the short lease has to end it.
          if (effects === 'transaction' && (leaseMs > 600 || !callsBesideTransaction)) continue
          const group = `late-${effects}-${leaseMs}`
          const gate = new Gate()
          let aborted = false
          const options = { group, effects, leaseMs }
          const consumer = await RecordedConsumer.start(
            backend,
            options,
            async (_, { documents, signal }) => {
              signal.addEventListener('abort', () => (aborted = true))
              documents.put('late-effects', group, { by: 'the former owner' })
              await gate.pass()
            },
          )
          await gate.reached()
          const usurped = await usurp(await test.sibling(), group)
          if (leaseMs === 600) await eventually('the former owner is told', () => aborted)
          gate.open()
          await eventually('the loss is told', () => consumer.noticesOf('lease-lost').length > 0)
          await consumer.stop()
          const document = await backend.documents.collection('late-effects').get(group, { partition: 0 })
          assert.equal(document, undefined, `effects of a former owner were written (${group})`)
          const now = await readCheckpoint(backend, group)
          assert.deepEqual(now, usurped, `a former owner wrote its checkpoint (${group})`)
        }
      }
    },
  },
  {
    id: 'consume/tokens-rise',
    laws: ['C5'],
    title: 'gives every owner a higher fencing token than all before, however the partition changed hands',
    async run({ open }) {
      const test = await open()
      const clients = [test.backend, await test.sibling()]
      const tokens: number[] = []
      for (let round = 0; round < 6; round++) {
        const { token } = await test.source.append('counter:1', [sampleEvent(round)])
        const client = clients[round % 2]
        assert.ok(client !== undefined, 'there are two clients')
        const consumer = await RecordedConsumer.start(client, { group: 'tokens', leaseMs: 300 })
        await consumer.subscription.caughtUpTo(token)
        tokens.push(consumer.handled[0]?.fencingToken ?? 0)
        assert.equal(
          consumer.noticesOf('owned').at(-1)?.fencingToken,
          tokens.at(-1),
          'handlers and notices differ',
        )
        await consumer.stop()
      }
      assert.deepEqual(
        tokens,
        [...new Set(tokens)].sort((a, b) => a - b),
      )
    },
  },
]
