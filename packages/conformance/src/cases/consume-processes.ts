import assert from 'node:assert/strict'
import { leaseOf } from '../case-scope.ts'
import { ChildProcess } from '../child/child-process.ts'
import type { CountedBy } from '../child/noting-consumer.ts'
import { eventually } from '../eventually.ts'
import type { Case, CaseContext, TestBackend } from '../kit.ts'
import { RecordedConsumer } from '../recorded-consumer.ts'
import { ownedByLeases } from '../owned-by-leases.ts'
import { sampleEvent, sampleEvents, streamsOfPartition } from '../sample-events.ts'
import { readCheckpoint } from '../usurper.ts'

const LEASE_MS = 700

async function openChild({ child }: TestBackend): Promise<ChildProcess> {
  assert.ok(child !== undefined, 'the test bed must say how another process opens the store')
  return ChildProcess.open(child)
}

/** Where a store is one process's own, the test bed offers no way in for another. */
async function isOneProcess({ open }: CaseContext): Promise<void> {
  const test = await open()
  assert.equal(test.child, undefined)
}

const acrossProcesses = {
  timeoutMs: 120_000,
  needs: (capabilities: { readonly multiProcess: boolean }) => capabilities.multiProcess,
  refuses: isOneProcess,
}

export const consumeProcessCases: readonly Case[] = [
  {
    id: 'consume/killed-owner',
    laws: ['C4', 'C1', 'C5'],
    title:
      'goes on after the owner’s process was killed: in order, missing nothing, repeating at most maxInFlightEvents',
    ...acrossProcesses,
    async run({ open }) {
      const test = await open()
      const streams = streamsOfPartition(0, 1, 6)
      const ids: string[] = []
      for (let round = 0; round < 30; round++) {
        for (const [index, streamId] of streams.entries()) {
          const event = sampleEvent(round * streams.length + index + 1)
          ids.push(event.id)
          await test.source.append(streamId, [event])
        }
      }
      const maxInFlightEvents = 20
      const options = { group: 'killed', leaseMs: leaseOf(LEASE_MS), maxInFlightEvents }
      await using child = await openChild(test)
      await child.call('consume', { ...options, name: 'child', holdAtId: ids[100] ?? '' })
      await child.said('handling', ({ id }) => id === ids[100], 30_000)
      await child.kill()
      const before = child.notes('handled').map(({ id }) => id)
      const lastToken = Math.max(...child.notes('handled').map(({ fencingToken }) => fencingToken))
      const consumer = await RecordedConsumer.start(test.backend, options)
      await consumer.subscription.caughtUpTo(await test.source.head())
      await consumer.stop()
      const after = consumer.handled.map(({ id }) => id)
      const repeated = after.filter((id) => before.includes(id))
      assert.ok(repeated.length <= maxInFlightEvents, `${repeated.length} events were repeated`)
      assert.deepEqual(new Set([...before, ...after]), new Set(ids))
      assert.equal(new Set(after).size, after.length, 'the successor handled an event twice')
      assert.ok((consumer.handled[0]?.fencingToken ?? 0) > lastToken, 'the fencing token did not rise')
      for (const numbers of consumer.byStream().values()) {
        assert.deepEqual(
          numbers,
          [...numbers].sort((a, b) => a - b),
        )
      }
    },
  },
  {
    id: 'consume/paused-owner',
    laws: ['C5', 'C9', 'C2'],
    title:
      'fences off an owner that was paused past its lease: its effects and its checkpoint are refused when it wakes',
    ...acrossProcesses,
    needs: (capabilities) =>
      capabilities.multiProcess && capabilities.documentBatch !== 'none' && ownedByLeases(capabilities),
    async refuses({ open, capabilities }) {
      const test = await open()
      if (!capabilities.multiProcess) assert.equal(test.child, undefined)
      else if (capabilities.documentBatch === 'none') {
        const refused = { group: 'refused', effects: 'exactly-once', handlers: () => undefined } as const
        await assert.rejects(test.backend.stream.subscribe(refused), { code: 'NOT_SUPPORTED' })
      } else assert.equal(ownedByLeases(capabilities), false)
    },
    async run({ open }) {
      const test = await open()
      const { backend, source } = test
      const events = sampleEvents(10)
      await source.append('counter:1', events)
      const options = { group: 'paused', effects: 'exactly-once', leaseMs: leaseOf(LEASE_MS) } as const
      await using child = await openChild(test)
      await child.call('consume', {
        ...options,
        name: 'child',
        holdAtId: events[4]?.id ?? '',
        countIn: 'counted',
      })
      await child.said('handling', ({ id }) => id === events[4]?.id, 30_000)
      child.pause()
      const consumer = await RecordedConsumer.start(backend, options, async ({ streamId }, { documents }) => {
        const before = await documents.get<CountedBy>('counted', streamId)
        documents.put('counted', streamId, {
          owner: 'parent',
          count: (before?.count ?? 0) + 1,
        } satisfies CountedBy)
      })
      await consumer.subscription.caughtUpTo(await source.head())
      const taken = await readCheckpoint(backend, 'paused')
      child.resume()
      await child.said('aborted', () => true, 30_000)
      await child.call('release', { name: 'child' })
      await child.said('notice', ({ notice }) => notice === 'lease-lost', 30_000)
      const counted = await backend.documents
        .collection<CountedBy>('counted')
        .get('counter:1', { partition: 0 })
      assert.deepEqual(
        counted?.value,
        { owner: 'parent', count: 10 },
        'the effects of the paused owner were written',
      )
      const now = await readCheckpoint(backend, 'paused')
      assert.deepEqual([now?.epoch, now?.owner, now?.position], [taken?.epoch, taken?.owner, taken?.position])
      await consumer.stop()
      await child.close()
    },
  },
  {
    id: 'consume/woken-by-others',
    laws: ['C1'],
    title: 'handles promptly what another process appends, woken where the manifest says so',
    ...acrossProcesses,
    async run({ open, capabilities }) {
      const test = await open()
      await using child = await openChild(test)
      // Without wake-ups the polls alone must do; with them polls this rare would be far too late.
      const pollMs = capabilities.feedWake === 'push' ? { min: 10, max: 60_000 } : { min: 5, max: 200 }
      const consumer = await RecordedConsumer.start(test.backend, { group: 'woken', pollMs })
      for (let number = 1; number <= 3; number++) {
        await eventually(
          'the consumer is idle',
          async () => (await test.backend.stream.group('woken').lag())[0]?.owned,
        )
        const event = { ...sampleEvent(number), streamId: 'counter:1' }
        await child.call('publish', { events: [event] })
        await consumer.hasHandled(number, 10_000)
      }
      await consumer.stop()
      await child.close()
    },
  },
  {
    id: 'consume/shared-with-a-process',
    laws: ['C5', 'C1', 'C4'],
    title: 'shares partitions with another process and takes all of them over when that is killed',
    ...acrossProcesses,
    async run({ open }) {
      const partitions = 8
      const test = await open({ partitions })
      const { backend, source } = test
      const options = { group: 'members', leaseMs: leaseOf(LEASE_MS) }
      const consumer = await RecordedConsumer.start(backend, options)
      await using child = await openChild(test)
      await child.call('consume', { ...options, name: 'child' })
      await eventually(
        'the other process owns its share',
        () => child.notes('notice').filter(({ notice }) => notice === 'owned').length >= partitions / 2,
        30_000,
      )
      const streams = Array.from(
        { length: partitions },
        (_, partition) => streamsOfPartition(partition, partitions, 1)[0] ?? '',
      )
      const ids: string[] = []
      for (const [index, streamId] of streams.entries()) {
        const event = sampleEvent(index)
        ids.push(event.id)
        await source.append(streamId, [event])
      }
      const handledBy = (): readonly string[] => [
        ...consumer.handled.map(({ id }) => id),
        ...child.notes('handled').map(({ id }) => id),
      ]
      await eventually('all are handled', () => new Set(handledBy()).size === ids.length, 20_000)
      assert.ok(consumer.handled.length > 0 && child.notes('handled').length > 0, 'one process handled all')
      await child.kill()
      for (const [index, streamId] of streams.entries()) {
        const event = sampleEvent(partitions + index)
        ids.push(event.id)
        await source.append(streamId, [event])
      }
      await eventually(
        'the one that lives handles all',
        () => new Set(handledBy()).size === ids.length,
        20_000,
      )
      await consumer.stop()
    },
  },
  {
    id: 'consume/published-by-another-process',
    laws: ['S1', 'S2'],
    title: 'delivers what another process published before it was killed, in the order of its calls',
    ...acrossProcesses,
    async run({ open }) {
      const test = await open()
      await using child = await openChild(test)
      for (let number = 1; number <= 20; number++) {
        await child.call('publish', { events: [{ ...sampleEvent(number), streamId: 'news' }] })
      }
      await child.kill()
      const consumer = await RecordedConsumer.start(test.backend, { group: 'readers' })
      await consumer.hasHandled(20)
      await consumer.stop()
      assert.deepEqual(
        consumer.numbers,
        Array.from({ length: 20 }, (_, index) => index + 1),
      )
      assert.deepEqual(new Set(consumer.handled.map(({ streamId }) => streamId)), new Set(['news']))
    },
  },
]
