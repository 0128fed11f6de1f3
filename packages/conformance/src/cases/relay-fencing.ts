import assert from 'node:assert/strict'
import { EventStoreError, type RelaySession } from '@eventspine/core'
import { ChildProcess } from '../child/child-process.ts'
import { eventually } from '../eventually.ts'
import type { Case, CaseContext } from '../kit.ts'
import { Random } from '../random.ts'
import { RecordedConsumer } from '../recorded-consumer.ts'
import { RelaySource } from '../relay-source.ts'
import { assertRelayed, readTarget, relayToEnd } from '../relay-target.ts'
import { refusal } from '../refusal.ts'
import { sampleEvents, streamsOfPartition } from '../sample-events.ts'
import { turn } from '../turn.ts'

/** Writes the next page of the source. */
async function writePage(
  session: RelaySession,
  source: RelaySource,
  limit: number,
  partition = 0,
): Promise<void> {
  const { events, next } = await source.page(partition, session.position, limit)
  await session.write(
    events.map((event) => ({ event })),
    next,
  )
}

async function sourceOf(count: number, { capabilities }: CaseContext, partitions = 1): Promise<RelaySource> {
  const source = new RelaySource(capabilities, partitions)
  for (let partition = 0; partition < partitions; partition++) {
    const streams = streamsOfPartition(partition, partitions, 5)
    for (let number = 1; number <= count; number += 5)
      await source.append(streams[(number - 1) % 4] ?? '', sampleEvents(5, number))
  }
  return source
}

export const relayFencingCases: readonly Case[] = [
  {
    id: 'relay/rival',
    laws: ['C5', 'F4'],
    title:
      'refuses with LEASE_LOST what a session writes once another was opened, events or none, and shows nothing of it',
    async run(context) {
      const test = await context.open({ partitions: 2 })
      const sibling = await test.sibling()
      const source = await sourceOf(40, context)
      const former = await test.backend.stream.openRelay(source.request(0))
      await writePage(former, source, 10)
      const rival = await sibling.stream.openRelay(source.request(0))
      assert.equal(rival.position, former.position)
      const { events, next } = await source.page(0, former.position, 10)
      const again = events.map((event) => ({ event }))
      await refusal(() => former.write(again, next), 'LEASE_LOST')
      await refusal(() => former.write([], next), 'LEASE_LOST')
      await writePage(rival, source, 15)
      await refusal(() => former.write(again, next), 'LEASE_LOST')
      await former.close()
      // Its own client opens once more: now the rival is the former one.
      const third = await test.backend.stream.openRelay(source.request(0))
      assert.equal(third.position, rival.position)
      await refusal(() => writePage(rival, source, 5), 'LEASE_LOST')
      await rival.close()
      await relayToEnd(third, source, 0)
      await third.close()
      await assertRelayed(await readTarget(test.backend), [source])
    },
  },
  {
    id: 'relay/rival-elsewhere',
    laws: ['C5'],
    title: 'lets sessions of other partitions, relays and sources go on when one is shut out',
    async run(context) {
      const { backend } = await context.open()
      const [source, other] = [await sourceOf(10, context, 2), await sourceOf(10, context)]
      const sessions = [
        await backend.stream.openRelay(source.request(0)),
        await backend.stream.openRelay(source.request(1)),
        await backend.stream.openRelay(other.request(0)),
      ] as const
      const rival = await backend.stream.openRelay(source.request(0))
      await refusal(() => writePage(sessions[0], source, 5), 'LEASE_LOST')
      await relayToEnd(sessions[1], source, 1)
      await relayToEnd(sessions[2], other, 0)
      await relayToEnd(rival, source, 0)
      for (const session of [...sessions, rival]) await session.close()
      await assertRelayed(await readTarget(backend), [source, other])
    },
  },
  {
    id: 'relay/partition-count',
    laws: ['S4'],
    title: 'refuses a source whose partition count has changed, and leaves the relay as it was',
    async run(context) {
      const test = await context.open()
      const source = await sourceOf(10, context, 2)
      const session = await test.backend.stream.openRelay(source.request(0))
      await writePage(session, source, 5)
      for (const partitions of [1, 4]) {
        const changed = { ...source.request(0), partitions }
        await refusal(() => test.backend.stream.openRelay(changed), 'STORE_INCOMPATIBLE')
      }
      await session.close()
      const reopened = await test.reopen()
      await refusal(
        () => reopened.stream.openRelay({ ...source.request(0), partitions: 4 }),
        'STORE_INCOMPATIBLE',
      )
      const next = await reopened.stream.openRelay(source.request(0))
      await relayToEnd(next, source, 0)
      await next.close()
      const other = await reopened.stream.openRelay(source.request(1))
      await relayToEnd(other, source, 1)
      await other.close()
      await assertRelayed(await readTarget(reopened), [source])
    },
  },
  {
    id: 'relay/lost-reply',
    laws: ['S3', 'A7'],
    title:
      'tells by the position of the next session what became of a write whose reply was lost or that was given up',
    async run(context) {
      const test = await context.open({ partitions: 2 })
      const sibling = await test.sibling()
      const source = await sourceOf(100, context)
      const random = new Random(context.seed)
      let position: string | undefined
      const givenUp: Promise<unknown>[] = []
      for (let round = 0; round < 10; round++) {
        const client = round % 2 === 0 ? test.backend : sibling
        const session = await client.stream.openRelay(source.request(0))
        const { next } = await source.page(0, session.position, 10)
        const lose = client === test.backend && test.loseRelayReply !== undefined
        if (lose) await test.loseRelayReply?.()
        const before = session.position
        const writing = writePage(session, source, 10)
        if (lose) {
          const error = await writing.then(
            () => undefined,
            (thrown: unknown) => thrown,
          )
          // A client that asks again may get its answer in the end.
          if (error !== undefined) {
            assert.ok(EventStoreError.is(error), 'a lost reply must be a typed error')
            assert.equal(error.outcome, 'unknown', error.message)
          }
        } else {
          givenUp.push(writing.catch(() => undefined))
          for (let turns = random.integer(0, 4); turns > 0; turns--) await turn()
        }
        const opened = await test.backend.stream.openRelay(source.request(0))
        position = opened.position
        assert.ok(
          position === before || position === next,
          `between ${before} and ${next} there is no ${position}`,
        )
        await opened.close()
      }
      await Promise.all(givenUp)
      const last = await test.backend.stream.openRelay(source.request(0))
      assert.equal(last.position, position, 'a write that was given up came later')
      await relayToEnd(last, source, 0)
      await last.close()
      await assertRelayed(await readTarget(test.backend), [source])
    },
  },
  {
    id: 'relay/killed',
    laws: ['S3', 'C4', 'F4', 'C5'],
    title:
      'loses and doubles nothing when the process that relays is killed at any moment, for those who read meanwhile',
    timeoutMs: 120_000,
    needs: ({ stream, multiProcess }) => stream === 'native' && multiProcess,
    async refuses(context) {
      // In one process the end of one is the end of all: what is left is to give up its sessions.
      const { backend } = await context.open()
      const source = await sourceOf(40, context)
      for (let round = 0; round < 8; round++) {
        const session = await backend.stream.openRelay(source.request(0))
        // The next session shuts it out: refused or written, the place tells.
        void writePage(session, source, 5).catch(() => undefined)
        for (let turns = round % 4; turns > 0; turns--) await turn()
      }
      const session = await backend.stream.openRelay(source.request(0))
      await relayToEnd(session, source, 0)
      await assertRelayed(await readTarget(backend), [source])
    },
    async run(context) {
      const test = await context.open({ partitions: 2 })
      const { child: access, backend } = test
      assert.ok(access !== undefined, 'the test bed must say how another process opens the store')
      const source = await sourceOf(1500, context)
      const random = new Random(context.seed)
      const consumer = await RecordedConsumer.start(backend, { group: 'meanwhile' })
      const events = (await source.events(0)).map(({ id, streamId, data }) => ({ id, streamId, data }))
      const { incarnation } = source
      for (let round = 0; round < 3; round++) {
        await using child = await ChildProcess.open(access)
        let ended = false
        const relaying = child.call('relay', { incarnation, events, limit: 5, relay: 'mover' })
        // It is killed: that it says nothing more is what the case is about.
        const end = (): void => void (ended = true)
        relaying.then(end, end)
        const enough = random.integer(0, 12)
        await eventually('the child relays', () => ended || child.notes('relayed').length > enough, 30_000)
        for (let turns = random.integer(0, 30); turns > 0; turns--) await turn()
        await child.kill()
      }
      const session = await backend.stream.openRelay(source.request(0))
      await relayToEnd(session, source, 0)
      await session.close()
      await assertRelayed(await readTarget(backend), [source])
      // The marks behind them are events too.
      await consumer.hasHandled(events.length + 2)
      await consumer.stop()
      const handled = consumer.handled.map(({ id }) => id)
      assert.equal(new Set(handled).size, handled.length, 'a reader saw an event twice')
    },
  },
  {
    id: 'relay/paused',
    laws: ['C5', 'F4'],
    title: 'writes nothing of a process that was paused, when it wakes up after another has taken over',
    timeoutMs: 120_000,
    needs: ({ stream, multiProcess }) => stream === 'native' && multiProcess,
    async refuses(context) {
      const test = await context.open()
      const source = await sourceOf(10, context)
      const paused = await test.backend.stream.openRelay(source.request(0))
      const next = await (await test.sibling()).stream.openRelay(source.request(0))
      await relayToEnd(next, source, 0)
      await refusal(() => writePage(paused, source, 5), 'LEASE_LOST')
      await assertRelayed(await readTarget(test.backend), [source])
    },
    async run(context) {
      const test = await context.open({ partitions: 2 })
      const { child: access, backend } = test
      assert.ok(access !== undefined, 'the test bed must say how another process opens the store')
      const source = await sourceOf(400, context)
      const events = (await source.events(0)).map(({ id, streamId, data }) => ({ id, streamId, data }))
      const { incarnation } = source
      await using child = await ChildProcess.open(access)
      const relaying = child.call('relay', { incarnation, events, limit: 1, relay: 'mover' }).then(
        () => 'it came to the end',
        (error: unknown) => (EventStoreError.is(error) ? error.code : String(error)),
      )
      await child.said('relayed', () => child.notes('relayed').length > 20, 30_000)
      child.pause()
      const session = await backend.stream.openRelay(source.request(0))
      await relayToEnd(session, source, 0)
      child.resume()
      const ending = await relaying
      assert.notEqual(ending, 'it came to the end')
      await session.close()
      await assertRelayed(await readTarget(backend), [source])
    },
  },
]
