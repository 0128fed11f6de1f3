import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { EventStoreError, type EventStore } from '@eventspine/core'
import { alongside } from '../alongside.ts'
import { ChildProcess } from '../child/child-process.ts'
import { Follower } from '../follower.ts'
import type { Case, CaseContext, TestBackend } from '../kit.ts'

const RACES = 25

/** Two other processes that have the store open, for as long as `work` runs. */
async function withTwo<Result>(
  { child }: TestBackend,
  work: (children: readonly [ChildProcess, ChildProcess]) => Promise<Result>,
): Promise<Result> {
  assert.ok(child !== undefined, 'the test bed must say how another process opens the store')
  await using one = await ChildProcess.open(child)
  await using two = await ChildProcess.open(child)
  const result = await work([one, two])
  await Promise.all([one.close(), two.close()])
  return result
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

const ids = (count: number): readonly string[] => Array.from({ length: count }, () => randomUUID())

async function wins(store: EventStore, streamId: string, version: number, id: string): Promise<boolean> {
  try {
    await store.append(streamId, [{ type: 'Raced', id, data: { version } }], { expectedVersion: version })
    return true
  } catch (error) {
    if (EventStoreError.is(error, 'VERSION_CONFLICT')) return false
    throw error
  }
}

export const processCases: readonly Case[] = [
  {
    id: 'processes/racing',
    laws: ['A4', 'A3'],
    title: 'lets exactly one of three processes win at every version of a stream',
    ...acrossProcesses,
    async run({ open }) {
      const test = await open()
      await withTwo(test, async (children) => {
        const racers = [0, 1, 2].map(() => ids(RACES))
        const [own = []] = racers
        const results = await Promise.all([
          (async () => {
            const won: boolean[] = []
            for (const [version, id] of own.entries())
              won.push(await wins(test.backend.store, 'raced:1', version, id))
            return won
          })(),
          ...children.map((child, index) =>
            child.call('race', { streamId: 'raced:1', ids: racers[index + 1] ?? [] }),
          ),
        ])
        const events = await test.backend.store.read('raced:1').toArray()
        assert.equal(events.length, RACES)
        for (const [version, event] of events.entries()) {
          const winners = results.flatMap((won, racer) =>
            won[version] === true ? [racers[racer]?.[version]] : [],
          )
          assert.deepEqual(winners, [event.id], `version ${version}`)
        }
      })
    },
  },
  {
    id: 'processes/feed',
    laws: ['F3', 'F4', 'A2'],
    title: 'shows readers in three processes the same feed, in the same order, while all three write',
    ...acrossProcesses,
    async run({ open }) {
      const test = await open()
      await withTwo(test, async (children) => {
        const streamIds = ['shared:1', 'shared:2', 'shared:3']
        await Promise.all(children.map((child) => child.call('tail', { partition: 0 })))
        const follower = new Follower(test.backend.store, 0, 7)
        const written = [0, 1, 2].map(() => ids(60))
        const [own = []] = written
        const write = () =>
          Promise.all([
            ...own.map((id, index) =>
              test.backend.store.append(streamIds[index % 3] ?? '', [
                { type: 'Counted', id, data: { index } },
              ]),
            ),
            ...children.map((child, index) =>
              child.call('appendEach', { streamIds, ids: written[index + 1] ?? [] }),
            ),
          ])
        await alongside((ended) => follower.followUntil(ended), write)
        const expected = follower.seen.map(({ id, position }) => ({ id, position }))
        assert.deepEqual(new Set(expected.map(({ id }) => id)), new Set(written.flat()))
        assert.equal(expected.length, written.flat().length)
        const last = expected.at(-1)?.id
        for (const child of children) {
          await child.said('seen', ({ id }) => id === last, 30_000)
          assert.deepEqual(
            child.notes('seen').map(({ id, position }) => ({ id, position })),
            expected,
          )
        }
        for (const streamId of streamIds) {
          const events = await test.backend.store.read(streamId).toArray()
          assert.deepEqual(
            events.map((event) => event.streamPosition),
            events.map((_, index) => index + 1),
          )
        }
      })
    },
  },
]
