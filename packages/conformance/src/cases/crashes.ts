import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Capabilities } from '@eventspine/core'
import { eventually } from '../eventually.ts'
import type { Case, CaseContext } from '../kit.ts'
import { Random } from '../random.ts'
import { refusal } from '../refusal.ts'
import { sampleEvents } from '../sample-events.ts'
import type { ConsumerRecorderOptions } from '../torture/consumer-recorder.ts'
import { checkHistory } from '../torture/check/check-history.ts'
import { Fleet } from '../torture/fleet.ts'
import { MemoryJournal } from '../torture/journal.ts'
import { readStoreContents } from '../torture/store-contents.ts'
import { Workload } from '../torture/workload.ts'

const ROUNDS = 3
const STREAMS = ['account:1', 'account:2', 'account:3', 'account:4', 'account:5']

/** A group for each kind of effects that the backend has. */
function groupsOf({ documentBatch, sharedTransaction }: Capabilities): readonly ConsumerRecorderOptions[] {
  const terms = { leaseMs: 800, maxInFlightEvents: 50, failing: 0.02 }
  return [
    { ...terms, group: 'audit', effects: 'at-least-once' },
    ...(documentBatch === 'none' ? [] : [{ ...terms, group: 'counted', effects: 'exactly-once' } as const]),
    ...(sharedTransaction === 'none' ? [] : [{ ...terms, group: 'shared', effects: 'transaction' } as const]),
  ]
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}

/** Where there is no store, the cases of logs have histories and killed processes of their own. */
async function hasNoStore({ open }: CaseContext): Promise<void> {
  const { backend } = await open()
  await refusal(() => backend.store.append('account:1', sampleEvents(1)), 'NOT_SUPPORTED')
}

async function refusesProcesses(context: CaseContext): Promise<void> {
  const test = await context.open()
  if (context.capabilities.multiProcess) await hasNoStore(context)
  else assert.equal(test.child, undefined)
}

export const crashCases: readonly Case[] = [
  {
    id: 'crashes/history',
    laws: ['A1', 'A2', 'A4', 'R1', 'F2', 'F3', 'F4', 'C1', 'C2', 'C3', 'C9'],
    title:
      'keeps every promise while many write, read and consume: checked against the whole recorded history',
    timeoutMs: 120_000,
    needs: ({ store }) => store,
    refuses: hasNoStore,
    async run({ open, capabilities, seed }) {
      const { backend } = await open({ partitions: 2 })
      const journal = new MemoryJournal()
      const consumers = groupsOf(capabilities)
      const options = { process: 'own', seed, streamIds: STREAMS, writers: 8, consumers, watchFeed: true }
      const workload = new Workload(backend, options, journal)
      await workload.start()
      try {
        for (let round = 0; round < 2; round++) {
          workload.resumeWriting()
          await pause(250)
          const enough = (round + 1) * 30
          await eventually(
            `${enough} appends are acknowledged`,
            () => journal.records.filter(({ kind }) => kind === 'ok').length >= enough,
            30_000,
          )
          await workload.stopWriting()
        }
        await workload.catchUp(60_000, '')
        const { records } = journal
        const documents = records.flatMap((record) =>
          record.kind === 'invoke' && record.document !== undefined
            ? [[record.document, record.streams[0]?.streamId ?? ''] as const]
            : [],
        )
        const countingGroups = consumers.flatMap(({ group, effects }) =>
          effects === 'at-least-once' ? [] : [group],
        )
        const contents = await readStoreContents(backend, { streamIds: STREAMS, documents, countingGroups })
        assert.deepEqual(checkHistory({ records, contents, groups: consumers }), [])
      } finally {
        await workload.stop()
      }
    },
  },
  {
    id: 'crashes/killed-processes',
    laws: ['A1', 'A5', 'A6', 'A7', 'F3', 'F4', 'F7', 'C1', 'C3', 'C4', 'C5', 'C9'],
    title: 'keeps every promise while processes that write and consume are killed under load',
    timeoutMs: 180_000,
    needs: ({ multiProcess, store }) => multiProcess && store,
    refuses: refusesProcesses,
    async run({ open, capabilities, seed }) {
      const { child } = await open({ partitions: 2 })
      assert.ok(child !== undefined, 'the test bed must say how another process opens the store')
      const random = new Random(seed)
      const directory = await mkdtemp(join(tmpdir(), 'eventspine-crashes-'))
      const consumers = groupsOf(capabilities)
      await using fleet = new Fleet({
        access: child,
        directory,
        seed,
        streamIds: STREAMS,
        writersPerProcess: 4,
        consumers,
      })
      await fleet.add()
      for (let round = 0; round < ROUNDS; round++) {
        const victim = await fleet.add()
        await fleet.write()
        await pause(random.integer(50, 400))
        fleet.doom(victim)
        await victim.child.kill()
        const { violations } = await fleet.settle()
        assert.deepEqual(violations, [], `round ${round + 1}`)
      }
      await fleet.close()
      await rm(directory, { recursive: true })
    },
  },
]
