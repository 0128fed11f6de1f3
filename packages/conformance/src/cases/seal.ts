import assert from 'node:assert/strict'
import { EventStoreError, type EventStore } from '@eventspine/core'
import { alongside } from '../alongside.ts'
import { eventually } from '../eventually.ts'
import type { Case, CaseContext } from '../kit.ts'
import { refusal, refusalAtOnce } from '../refusal.ts'
import { numberOf, sampleEvent, sampleEvents, streamsOfPartition } from '../sample-events.ts'
import { leavesUntouched } from '../untouched.ts'
import { turn } from '../turn.ts'

const PARTITIONS = 2

async function refusesSeal({ open }: CaseContext): Promise<void> {
  const { store } = (await open({ partitions: PARTITIONS })).backend
  await refusalAtOnce(() => store.seal(1), 'NOT_SUPPORTED')
  await refusalAtOnce(() => store.seal(1, false), 'NOT_SUPPORTED')
  assert.equal((await store.append('counter:1', [sampleEvent(1)])).version, 1)
}

const seals = { needs: (capabilities: { readonly seal: boolean }) => capabilities.seal, refuses: refusesSeal }

const [OPEN = '', ALSO_OPEN = ''] = streamsOfPartition(0, PARTITIONS, 2)
const [SEALED = '', NEW = ''] = streamsOfPartition(1, PARTITIONS, 2)

/** The longest that a writer goes on when no seal stops it. */
const WRITING_MS = 10_000

export const sealCases: readonly Case[] = [
  {
    id: 'seal/refuses-appends',
    laws: ['F10'],
    title: 'refuses appends to a sealed partition, by every client and after a restart, and to no other',
    ...seals,
    async run({ open }) {
      const test = await open({ partitions: PARTITIONS })
      const { store } = test.backend
      await store.append(OPEN, [sampleEvent(1)])
      await store.append(SEALED, sampleEvents(2))
      await store.seal(1)
      await store.seal(1)
      const check = async (client: EventStore): Promise<void> => {
        await leavesUntouched(client, [SEALED, NEW], async () => {
          for (const expectedVersion of ['any', 2, 'exists'] as const) {
            await refusal(
              () => client.append(SEALED, [sampleEvent(3)], { expectedVersion }),
              'PARTITION_SEALED',
            )
          }
          await refusal(
            () => client.append(NEW, [sampleEvent(1)], { expectedVersion: 'none' }),
            'PARTITION_SEALED',
          )
        })
        assert.deepEqual((await client.read(SEALED).toArray()).map(numberOf), [1, 2])
        assert.deepEqual((await client.feed({ partition: 1 }).toArray()).map(numberOf), [1, 2])
        await client.append(OPEN, [sampleEvent(2)])
      }
      await check(store)
      await check((await test.sibling()).store)
      const reopened = (await test.reopen()).store
      await check(reopened)
      await reopened.seal(1, false)
      await reopened.seal(1, false)
      assert.equal((await reopened.append(SEALED, [sampleEvent(3)], { expectedVersion: 2 })).version, 3)
    },
  },
  {
    id: 'seal/whole-commit',
    laws: ['F10', 'A1'],
    title:
      'refuses the whole of a commit that touches a sealed partition, and harms no neighbour in its batch',
    ...seals,
    async run({ open, capabilities }) {
      const { store } = (await open({ partitions: PARTITIONS })).backend
      await store.seal(1)
      if (capabilities.multiStreamAppend === 'store') {
        const streams = [OPEN, SEALED].map((streamId) => ({ streamId, events: [sampleEvent(1)] }))
        await leavesUntouched(store, [OPEN, SEALED], () =>
          refusal(() => store.commit({ streams }), 'PARTITION_SEALED'),
        )
      }
      const settled = await Promise.allSettled(
        [OPEN, SEALED, ALSO_OPEN, NEW].map((streamId) => store.append(streamId, [sampleEvent(1)])),
      )
      assert.deepEqual(
        settled.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled', 'rejected'],
      )
    },
  },
  {
    id: 'seal/racing-writers',
    laws: ['F10', 'F3'],
    title: 'lets nothing into the partition any more once sealing it has returned',
    ...seals,
    async run({ open }) {
      const test = await open({ partitions: PARTITIONS })
      const { store } = test.backend
      const other = (await test.sibling()).store
      let written = 0
      const endsAt = performance.now() + WRITING_MS
      const write = async (client: EventStore): Promise<boolean> => {
        for (let number = 0; performance.now() < endsAt; number++) {
          try {
            await client.append(SEALED, [sampleEvent(number)])
            written++
          } catch (error) {
            assert.ok(EventStoreError.is(error, 'PARTITION_SEALED'), String(error))
            return true
          }
          await turn()
        }
        return false
      }
      let head: string | undefined
      const met = await alongside(
        async () => {
          await eventually('both write', () => written >= 5)
          await store.seal(1)
          head = await other.feedHead(1)
        },
        () => Promise.all([write(store), write(other)]),
      )
      assert.deepEqual(met, [true, true], 'every writer met the seal')
      assert.equal(await store.feedHead(1), head)
      assert.equal((await store.feed({ partition: 1 }).toArray()).length, written)
    },
  },
]
